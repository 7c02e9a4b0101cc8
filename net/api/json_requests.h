// From the JSON of a request to what the node is asked. Any bytes may come in; docs/api.md has the forms.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "core/proto/client.pb.h"

namespace lockstep::api {

struct JsonCall {
  wire::Request request;
  Duration timeout = std::chrono::seconds(30);
  std::optional<Duration> max_staleness;  // of a local query
};

// kInvalidArgument: the sentence has line and column of what is wrong, and what was expected there.
Result<JsonCall> parse_execute(std::string_view body);
Result<JsonCall> parse_query(std::string_view body);

}  // namespace lockstep::api
