// What the operating system refused, as our errors.
#pragma once

#include <string_view>

#include "base/result.h"

namespace lockstep::net {

// From errno: "cannot open DIR/x: Permission denied".
std::unexpected<Error> system_failure(std::string_view verb, std::string_view object);

}  // namespace lockstep::net
