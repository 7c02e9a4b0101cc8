// The bytes of one package, out of the rows of its chunks.
#pragma once

#include <functional>
#include <memory>

#include "hub/local_database.h"
#include "hub/schema.h"

namespace lockstep::hub {

// Reads what this node has applied, in steps that a query may return. `then` is called once: with the bytes;
// with kUnavailable if the node could not answer (ask again); with kCorrupt if the chunks are not the
// package. `database` outlives all that.
void load_package(LocalDatabase& database, const PackageRow& package,
                  std::function<void(Result<Bytes>)> then);

}  // namespace lockstep::hub
