// Where a process listens or is reached: a host and a port.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/asio.h"

namespace lockstep::net {

struct Endpoint {
  std::string host;  // a name, an IPv4 address or an IPv6 address without brackets
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
};

// "127.0.0.1:7000", "[::1]:7000", "hub.example:7000".
Result<Endpoint> parse_endpoint(std::string_view text);
std::string to_string(const Endpoint& endpoint);
std::string to_string(const Tcp::endpoint& endpoint);

// An address of this machine's own, not reachable from outside. A name other than "localhost" is not looked
// up: false.
bool is_loopback(const Endpoint& endpoint);

// Small frames leave at once, and a peer that has vanished without a word is noticed within five seconds.
void tune(Tcp::socket& socket);

// A listening socket; `endpoint.port` 0 lets the system choose. The sentence says which address is the
// matter.
Result<Tcp::acceptor> listen(asio::io_context& context, const Endpoint& endpoint);

}  // namespace lockstep::net
