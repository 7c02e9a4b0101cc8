// What the feed shows of the hub's tables, told as events: the same on every node.
#pragma once

#include "base/env/trace.h"
#include "storage/sql/database.h"

namespace lockstep::hub {

void announce(const sql::RowChange& change, env::Trace& trace);

}  // namespace lockstep::hub
