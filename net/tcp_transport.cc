// Who is reached how.
#include "net/tcp_transport.h"

namespace lockstep::net {

TcpTransport::TcpTransport(EventLoop& loop, const Place& place, TransportOptions options, Receive receive,
                           Log log)
    : options_(std::move(options)),
      dialler_(loop, place, options_, counters_, receive, log),
      doorkeeper_(loop, place, options_, counters_, receive, log) {
  // A member that has just come up wants to hear from us now, not when our patience with it ends.
  doorkeeper_.on_member_arrived([this](NodeId member, std::uint64_t boot) { dialler_.hurry(member, boot); });
}

void TcpTransport::add_peer(NodeId peer, const Endpoint& endpoint) {
  if (options_.peers.emplace(peer, endpoint).second) dialler_.add(peer, endpoint);
}

void TcpTransport::send(NodeId to, Channel channel, BytesView payload) {
  const bool sent =
      dialler_.knows(to) ? dialler_.send(to, channel, payload) : doorkeeper_.send(to, channel, payload);
  if (sent) {
    ++counters_.frames_sent;
    counters_.bytes_sent += payload.size();
  } else {
    ++counters_.frames_lost;
  }
}

void TcpTransport::flush() {
  dialler_.flush();
  doorkeeper_.flush();
}

}  // namespace lockstep::net
