// Text, look-up and listening.
#include "net/endpoint.h"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <charconv>

#include "base/text.h"

namespace lockstep::net {
namespace {

// Asio makes sockets that a program started by this one would inherit.
void keep_from_children(int descriptor) { ::fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

std::unexpected<Error> malformed(std::string_view text) {
  return fail(ErrorCode::kInvalidArgument,
              cat("expected HOST:PORT with a port from 0 to 65535, found \"", text, "\""));
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return malformed(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return malformed(text);
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return malformed(text);  // an IPv6 address needs brackets: where its port begins would be a guess
  }
  Endpoint endpoint{.host = std::string(host), .port = 0};
  if (host.find('\0') != std::string_view::npos) return malformed(text);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return malformed(text);
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return v6 ? cat("[", endpoint.host, "]:", endpoint.port) : cat(endpoint.host, ":", endpoint.port);
}

std::string to_string(const Tcp::endpoint& endpoint) {
  return to_string(Endpoint{.host = endpoint.address().to_string(), .port = endpoint.port()});
}

bool is_loopback(const Endpoint& endpoint) {
  if (endpoint.host == "localhost") return true;
  IoError error;
  const auto address = asio::ip::make_address(endpoint.host, error);
  return !error && address.is_loopback();
}

void tune(Tcp::socket& socket) {
  // A machine that is gone is noticed after five seconds, whether or not something was sent to it: while a
  // connection is open, its process lives (net/doorkeeper.cc relies on that).
  using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
  using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
  using Count = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
  using UserTimeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
  IoError ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.set_option(Idle(2), ignored);
  socket.set_option(Interval(1), ignored);
  socket.set_option(Count(3), ignored);
  socket.set_option(UserTimeout(5'000), ignored);
  keep_from_children(socket.native_handle());
}

Result<Tcp::acceptor> listen(asio::io_context& context, const Endpoint& endpoint) {
  const auto refused = [&](const char* what, const IoError& error) {
    const ErrorCode code = error == asio::error::address_in_use ? ErrorCode::kConflict : ErrorCode::kRefused;
    return fail(code, cat("cannot ", what, " ", to_string(endpoint), ": ", error.message()));
  };
  IoError error;
  Tcp::resolver resolver(context);
  const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), error);
  if (error || found.empty()) return refused("find the address of", error);
  const Tcp::endpoint address = found.begin()->endpoint();
  Tcp::acceptor acceptor(context);
  acceptor.open(address.protocol(), error);
  if (!error) keep_from_children(acceptor.native_handle());
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(address, error);
  if (!error) acceptor.listen(1024, error);
  if (error) return refused("listen on", error);
  return acceptor;
}

}  // namespace lockstep::net
