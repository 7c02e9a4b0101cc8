// What a hub keeps in its tables, asked for by commands that look at it from outside.
#pragma once

#include <string_view>

#include "base/result.h"
#include "cli/cluster_client.h"

namespace lockstep::cli {

// Of one query. kUnavailable: no answer, or one that says why the query was ended. kNotFound: whoever
// answered has no such tables, so it is no hub. `whose_command_needs` is said to who may not even ask.
Result<wire::Rows> ask_hub(ClusterClient& client, wire::Statement query, Duration patience,
                           std::string_view whose_command_needs = {});

}  // namespace lockstep::cli
