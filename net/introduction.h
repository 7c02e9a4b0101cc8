// Asks whoever listens at some addresses who they are.
#pragma once

#include <string>
#include <vector>

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

struct Patience {
  Duration at_most = std::chrono::seconds(2);
  // After the first introduction: so long the others may still take.
  Duration with_the_others = std::chrono::milliseconds(500);
};

// All at once, as a client that takes any node of any cluster. Runs the loop; the answers stand in the order of the
// endpoints. `security` none: in the clear. The sentence of an error says what is the matter, not with whom.
std::vector<Result<Introduction>> ask_who(EventLoop& loop, const std::vector<Endpoint>& endpoints,
                                          const std::string& token, Security* security, const Patience& patience);

}  // namespace lockstep::net
