// Processes of one loop that talk over real sockets, and a stranger who sends what it likes.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "net/tcp_transport.h"

namespace lockstep::net {

using namespace std::chrono_literals;

inline constexpr ClusterId kCluster{7};
inline constexpr Duration kPatience = 20s;  // far more than anything here takes

struct Heard {
  Party from;
  Channel channel;
  Bytes payload;
};

// One transport and what it was told.
struct Neighbour {
  Place place{.self = NodeId(1), .cluster = kCluster};
  TransportOptions options;
  std::vector<Heard> heard;
  std::vector<std::string> log;
  std::unique_ptr<TcpTransport> tcp;

  Neighbour(std::uint64_t self, PartyKind kind) {
    place.self = NodeId(self);
    options.kind = kind;
    options.identity = "sqlite 1";
    options.boot = self;
    options.limits.redial_min = 1ms;
    options.limits.redial_max = 20ms;
  }
  // A new life; the old one ends first.
  void start(EventLoop& loop) {
    tcp.reset();
    tcp = std::make_unique<TcpTransport>(
        loop, place, options,
        [this](const Party& from, Channel channel, BytesView payload) {
          heard.push_back({from, channel, Bytes(payload)});
        },
        [this](Tone, const std::string& line) { log.push_back(line); });
  }
  void say(std::uint64_t to, BytesView payload, Channel channel = Channel::kRaft) const {
    tcp->send(NodeId(to), channel, payload);
    tcp->flush();
  }
  bool has_heard(BytesView payload) const {
    return std::any_of(heard.begin(), heard.end(), [&](const Heard& one) { return one.payload == payload; });
  }
  bool has_logged(std::string_view part) const {
    return std::any_of(log.begin(), log.end(), [&](const std::string& line) { return line.contains(part); });
  }
  std::string trouble_with(std::uint64_t peer) const { return tcp->dialler().trouble_with(NodeId(peer)); }
};

// A place to listen at.
inline Endpoint listen_for(EventLoop& loop, Neighbour& neighbour, Endpoint at = {.host = "127.0.0.1"}) {
  auto acceptor = listen(loop.context(), at);
  if (!acceptor) return {};
  at.port = acceptor->local_endpoint().port();
  neighbour.tcp->serve(std::move(*acceptor));
  return at;
}

// A socket without manners.
class Stranger {
 public:
  Stranger(EventLoop& loop, const Endpoint& to) : socket_(loop.context()) {
    socket_.connect({asio::ip::make_address(to.host), to.port});
  }
  // As much as fits into the system's buffers; returns how much did.
  std::size_t send(BytesView bytes) {
    socket_.non_blocking(true);
    IoError error;
    return asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), error);
  }
  void listen_on() {
    // The answer to a read may be under way when the stranger is gone.
    const std::weak_ptr<bool> alive = alive_;
    socket_.async_read_some(asio::buffer(buffer_), [this, alive](const IoError& error, std::size_t size) {
      if (alive.expired() || error == asio::error::operation_aborted) return;
      if (error) {
        closed_ = true;
        ended_well_ = error == asio::error::eof;
        return;
      }
      received_.append(buffer_.data(), size);
      listen_on();
    });
  }
  Tcp::socket& socket() { return socket_; }
  const Bytes& received() const { return received_; }
  bool is_closed() const { return closed_; }
  bool ended_well() const { return ended_well_; }  // not by a reset
  // The first handshake message that it was sent.
  Result<HandshakeMessage> answer() const {
    LOCKSTEP_TRY(size, frame_size(received_));
    if (received_.size() < size) return fail(ErrorCode::kEnd, "not whole yet");
    LOCKSTEP_TRY(frame, decode_frame(BytesView(received_).substr(0, size)));
    return decode_handshake(frame.payload);
  }
  std::string refusal() const {
    const auto message = answer();
    const auto* refusal = message ? std::get_if<Refusal>(&*message) : nullptr;
    return refusal == nullptr ? std::string() : refusal->reason;
  }
  bool is_welcome() const {
    const auto message = answer();
    return message && std::holds_alternative<Welcome>(*message);
  }

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Tcp::socket socket_;
  std::array<char, 4096> buffer_{};
  Bytes received_;
  bool closed_ = false;
  bool ended_well_ = false;
};

inline Bytes frame_of(std::uint64_t from, std::uint64_t to, Channel channel, BytesView payload) {
  Bytes out;
  encode_frame({kCluster, NodeId(from), NodeId(to), channel}, payload, out);
  return out;
}

inline Hello hello_of(std::uint64_t from, std::uint64_t to, PartyKind kind) {
  return {.kind = kind,
          .cluster = kCluster,
          .from = NodeId(from),
          .to = NodeId(to),
          .boot = from,
          .identity = "sqlite 1",
          .token = {}};
}

inline Bytes hello_frame(const Hello& hello) {
  return frame_of(hello.from.value(), hello.to.value(), Channel::kHandshake, encode(hello));
}

}  // namespace lockstep::net
