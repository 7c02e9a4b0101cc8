// Who is reached how.
#include "net/tcp_transport.h"

namespace lockstep::net {

TcpTransport::TcpTransport(EventLoop& loop, const Place& place, TransportOptions options, Receive receive,
                           Log log)
    : premises_(loop, place, std::move(options), std::move(receive), std::move(log)),
      dialler_(premises_),
      doorkeeper_(premises_) {
  // A member that has just come up wants to hear from us now, not when our patience with it ends.
  doorkeeper_.on_member_arrived([this](NodeId member, std::uint64_t boot) { dialler_.hurry(member, boot); });
}

void TcpTransport::add_peer(NodeId peer, const Endpoint& endpoint) {
  if (premises_.options.peers.emplace(peer, endpoint).second) dialler_.add(peer, endpoint);
}

void TcpTransport::send(NodeId to, Channel channel, BytesView payload) {
  const bool sent =
      dialler_.knows(to) ? dialler_.send(to, channel, payload) : doorkeeper_.send(to, channel, payload);
  if (sent) {
    ++premises_.counters.frames_sent;
    premises_.counters.bytes_sent += payload.size();
  } else {
    ++premises_.counters.frames_lost;
  }
}

}  // namespace lockstep::net
