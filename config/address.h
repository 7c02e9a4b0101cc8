// Where a port listens or is reached: host and port, as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lockstep::config {

struct Address {
  std::string host;  // a name or a number, IPv6 without brackets
  std::uint16_t port = 0;
  friend auto operator<=>(const Address&, const Address&) = default;
};

// "127.0.0.1:4001", "[::1]:4001". kInvalidArgument: anything else, port 0 included.
Result<Address> parse_address(std::string_view text);
std::string to_text(const Address& address);

// Reached from this machine only: localhost, 127.*, ::1.
bool is_loopback(std::string_view host);

}  // namespace lockstep::config
