// From settings as people write them to the package that edges take.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace lockstep::cli {

// `text`: a JSON object from keys to texts or numbers, with at least one member. The package lists key and
// value, each with its length before it, keys ascending (docs/edge.md). kInvalidArgument.
Result<Bytes> settings_package(std::string_view text);

}  // namespace lockstep::cli
