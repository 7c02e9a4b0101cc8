// Ports that nobody uses now.
#pragma once

#include <unistd.h>

#include "base/check.h"
#include "net/endpoint.h"
#include "net/event_loop.h"

namespace lockstep::tests {

// The first of a row of ports that are free now: node i needs port + 10 (i - 1) and the two above.
inline int free_ports(int nodes) {
  net::EventLoop loop;
  // Below the ports that the system gives to those who dial: whoever dials a node that is down could be given its port.
  for (int base = 21'000 + static_cast<int>(::getpid() % 110) * 100;; base += 100) {
    CHECK(base < 60'000, "no free ports");
    bool all_free = true;
    for (int port = base; port < base + 10 * nodes; ++port) {
      const net::Endpoint endpoint{.host = "127.0.0.1", .port = static_cast<std::uint16_t>(port)};
      all_free = all_free && net::listen(loop.context(), endpoint).has_value();
    }
    if (all_free) return base;
  }
}

}  // namespace lockstep::tests
