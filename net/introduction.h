// Asks whoever listens at an address who it is.
#pragma once

#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace lockstep::net {

struct Introduction {
  NodeId node;
  ClusterId cluster;
};

// As a client that takes any node of any cluster. Runs the loop until there is an answer, for `patience` at
// most. `security` none: in the clear. The sentence of an error says which address is the matter.
Result<Introduction> ask_who(EventLoop& loop, const Endpoint& endpoint, const std::string& token,
                             Security* security, Duration patience);

}  // namespace lockstep::net
