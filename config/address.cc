// Reading and writing addresses.
#include "config/address.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace lockstep::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

bool is_number_character(char c) {  // of IPv6
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

// Four numbers from 0 to 255.
bool is_ipv4(std::string_view host) {
  for (int part = 0; part < 4; ++part) {
    const std::string_view digits = host.substr(0, host.find('.'));
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value > 255) return false;
    host.remove_prefix(std::min(digits.size() + 1, host.size()));
  }
  return host.empty();
}

std::unexpected<Error> refuse(std::string_view text) {
  return fail(
      ErrorCode::kInvalidArgument,
      cat("expected an address, such as 127.0.0.1:4001 or [::1]:4001 with a port from 1 to 65535, found \"",
          text, "\""));
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return refuse(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() ||
      !std::all_of(host.begin(), host.end(), bracketed ? is_number_character : is_name_character)) {
    return refuse(text);
  }
  if (bracketed && !host.contains(':')) return refuse(text);
  Address out{std::string(host), 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return refuse(text);
  // All digits and points, and yet not a number of IPv4: a slip, never a name.
  const bool numeric = std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
  if (numeric && !bracketed && !is_ipv4(host)) return refuse(text);
  return out;
}

std::string to_text(const Address& address) {
  const bool bracketed = address.host.contains(':');
  return cat(bracketed ? "[" : "", address.host, bracketed ? "]:" : ":", address.port);
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && is_ipv4(host));
}

}  // namespace lockstep::config
