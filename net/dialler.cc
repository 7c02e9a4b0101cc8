// Attempts, their timeouts, and the pauses between them.
#include "net/dialler.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace lockstep::net {

struct Dialler::Peer {
  enum class State { kIdle, kConnecting, kGreeting, kReady };

  NodeId id;
  Endpoint endpoint;
  State state = State::kIdle;
  std::uint64_t attempt = 0;
  Duration pause{};  // before the next attempt
  std::chrono::steady_clock::time_point not_before{};
  std::chrono::steady_clock::time_point ready_since{};
  std::shared_ptr<Tcp::socket> socket;     // while it connects
  std::shared_ptr<Connection> connection;  // from kGreeting on
  ClusterId cluster;                       // as its welcome says
  std::uint64_t boot = 0;                  // of its process, as its welcome says
  struct Waiting {
    Channel channel;
    Bytes payload;
  };
  std::vector<Waiting> waiting;  // until the connection is ready
  std::size_t waiting_bytes = 0;
  std::string trouble;
};

Dialler::Dialler(Premises& premises)
    : premises_(premises), resolver_(premises.loop.context()), self_(std::make_shared<Dialler*>(this)) {
  for (const auto& [id, endpoint] : premises_.options.peers) add(id, endpoint);
}

void Dialler::add(NodeId id, const Endpoint& endpoint) {
  auto peer = std::make_unique<Peer>();
  peer->id = id;
  peer->endpoint = endpoint;
  peers_.emplace(id, std::move(peer));
}

Dialler::~Dialler() {
  *self_ = nullptr;
  for (const auto& [id, peer] : peers_) drop(*peer);
}

bool Dialler::send(NodeId id, Channel channel, BytesView payload) {
  Peer& peer = *peers_.at(id);
  if (peer.state == Peer::State::kReady)
    return premises_.queue(peer.connection, header(peer, channel), payload);
  if (peer.state == Peer::State::kIdle) {
    if (std::chrono::steady_clock::now() < peer.not_before) return false;
    dial(peer);
  }
  const std::size_t bytes = payload.size() + sizeof(Peer::Waiting);
  if (!peer.waiting.empty() && peer.waiting_bytes + bytes > premises_.options.limits.max_queued_bytes)
    return false;
  peer.waiting_bytes += bytes;
  peer.waiting.push_back({channel, Bytes(payload)});
  return true;
}

void Dialler::hurry(NodeId id, std::uint64_t boot) {
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  Peer& peer = *found->second;
  if (peer.state == Peer::State::kReady && peer.boot != boot)
    fail(peer, "another process has taken its place");
  peer.not_before = {};
  if (peer.state == Peer::State::kIdle) dial(peer);
}

void Dialler::forget(NodeId id) {
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  drop(*found->second);
}

std::set<NodeId> Dialler::connected() const {
  std::set<NodeId> ready;
  for (const auto& [id, peer] : peers_)
    if (peer->state == Peer::State::kReady) ready.insert(id);
  return ready;
}

std::string Dialler::trouble_with(NodeId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? cat("n", id, " is not known") : found->second->trouble;
}

FrameHeader Dialler::header(const Peer& peer, Channel channel) const {
  return {.cluster = peer.cluster, .from = premises_.place.self, .to = peer.id, .channel = channel};
}

Dialler::Peer* Dialler::current(NodeId id, std::uint64_t attempt) {
  const auto found = peers_.find(id);
  return found != peers_.end() && found->second->attempt == attempt ? found->second.get() : nullptr;
}

// ---- one attempt -------------------------------------------------------------------------------------

void Dialler::dial(Peer& peer) {
  peer.state = Peer::State::kConnecting;
  peer.attempt = ++next_attempt_;
  peer.cluster = premises_.place.cluster;
  premises_.loop.after(premises_.options.limits.handshake_timeout,
                       [self = self_, id = peer.id, attempt = peer.attempt] {
                         Peer* late = *self ? (*self)->current(id, attempt) : nullptr;
                         if (late != nullptr && late->state != Peer::State::kReady)
                           (*self)->fail(*late, "no answer");
                       });
  resolve(peer);
}

void Dialler::resolve(Peer& dialled) {
  const auto connect = [this, id = dialled.id, attempt = dialled.attempt](const auto& addresses) {
    auto socket = std::make_shared<Tcp::socket>(premises_.loop.context());
    peers_.at(id)->socket = socket;
    asio::async_connect(*socket, addresses,
                        [self = self_, socket, id, attempt](const IoError& error, const auto&) {
                          Peer* peer = *self ? (*self)->current(id, attempt) : nullptr;
                          if (peer == nullptr) return;
                          if (error) return (*self)->fail(*peer, error.message());
                          (*self)->on_socket(id, attempt, std::move(*socket));
                        });
  };
  IoError no_address;
  const auto address = asio::ip::make_address(dialled.endpoint.host, no_address);
  if (!no_address) return connect(std::vector{Tcp::endpoint(address, dialled.endpoint.port)});
  resolver_.async_resolve(dialled.endpoint.host, std::to_string(dialled.endpoint.port),
                          [self = self_, connect, id = dialled.id, attempt = dialled.attempt](
                              const IoError& error, const auto& found) {
                            Peer* peer = *self ? (*self)->current(id, attempt) : nullptr;
                            if (peer == nullptr) return;
                            if (error) return (*self)->fail(*peer, error.message());
                            connect(found);
                          });
}

void Dialler::on_socket(NodeId id, std::uint64_t attempt, Tcp::socket socket) {
  Peer& peer = *peers_.at(id);
  peer.socket.reset();
  tune(socket);
  premises_.security().connect(std::move(socket), peer.endpoint,
                               [self = self_, id, attempt](Result<std::unique_ptr<Stream>> stream) {
                                 Peer* dialled = *self ? (*self)->current(id, attempt) : nullptr;
                                 if (dialled == nullptr) return;
                                 if (!stream) return (*self)->fail(*dialled, stream.error().message);
                                 (*self)->on_stream(*dialled, std::move(*stream));
                               });
}

void Dialler::on_stream(Peer& peer, std::unique_ptr<Stream> stream) {
  if (const Status proof = stream->proves(peer.id, peer.endpoint.host); !proof) {
    stream->close();
    return fail(peer, proof.error().message);
  }
  peer.state = Peer::State::kGreeting;
  peer.connection =
      std::make_shared<Connection>(std::move(stream), premises_.options.limits.max_queued_bytes);
  const Hello hello{.kind = premises_.options.kind,
                    .cluster = premises_.place.cluster,
                    .from = premises_.place.self,
                    .to = peer.id,
                    .boot = premises_.options.boot,
                    .identity = premises_.options.identity,
                    .token = premises_.options.token};
  peer.connection->queue(header(peer, Channel::kHandshake), encode(hello));
  // Calls a member with the peer, if this attempt is still its current one.
  const auto told = [self = self_, id = peer.id, attempt = peer.attempt](auto member) {
    return [self, id, attempt, member](const auto& what) {
      Peer* dialled = *self ? (*self)->current(id, attempt) : nullptr;
      if (dialled != nullptr) ((*self)->*member)(*dialled, what);
    };
  };
  peer.connection->start(told(&Dialler::on_frame), told(&Dialler::on_closed), told(&Dialler::fail));
  peer.connection->flush();
}

void Dialler::on_closed(Peer& peer, const std::string& why) {
  // One that expects TLS cannot tell us so: it does not understand us.
  const bool unheard = peer.state == Peer::State::kGreeting && premises_.is_in_the_clear();
  fail(peer, unheard ? cat("expected a welcome, ", why, ": does it want TLS?") : why);
}

void Dialler::on_frame(Peer& peer, const Frame& frame) {
  // Later on, too, a refusal says why the other side is going to close.
  if (peer.state != Peer::State::kReady || frame.header.channel == Channel::kHandshake)
    return on_welcome(peer, frame);
  premises_.count(frame);
  if (frame.header.from != peer.id || frame.header.cluster != peer.cluster) return;
  premises_.hand_on({.id = peer.id, .name = peer.id, .is_member = true}, frame);
}

void Dialler::on_welcome(Peer& peer, const Frame& frame) {
  const auto message = frame.header.channel == Channel::kHandshake
                           ? decode_handshake(frame.payload)
                           : lockstep::fail(ErrorCode::kCorrupt, "expected a welcome first");
  if (!message) return fail(peer, message.error().message);
  if (const auto* refusal = std::get_if<Refusal>(&*message))
    return fail(peer, cat("refused: ", printable(refusal->reason)));
  const auto* welcome = std::get_if<Welcome>(&*message);
  if (welcome == nullptr || welcome->from != peer.id || peer.state == Peer::State::kReady)
    return fail(peer, cat("expected the welcome of n", peer.id, ", found another answer"));
  if (!premises_.place.cluster.is_none() && welcome->cluster != premises_.place.cluster)
    return fail(peer,
                cat("expected cluster ", premises_.place.cluster, ", found cluster ", welcome->cluster));
  become_ready(peer, *welcome);
}

void Dialler::become_ready(Peer& peer, const Welcome& welcome) {
  peer.cluster = welcome.cluster;
  peer.boot = welcome.boot;
  peer.state = Peer::State::kReady;
  peer.ready_since = std::chrono::steady_clock::now();
  peer.trouble.clear();
  peer.connection->set_max_frame_bytes(kFrameHeaderBytes + kMaxPayloadBytes);
  for (const Peer::Waiting& waiting : std::exchange(peer.waiting, {}))
    if (!peer.connection->queue(header(peer, waiting.channel), waiting.payload))
      ++premises_.counters.frames_lost;
  peer.waiting_bytes = 0;
  peer.connection->flush();
}

void Dialler::drop(Peer& peer) {
  IoError ignored;
  if (peer.socket) peer.socket->close(ignored);
  peer.socket.reset();
  if (peer.connection) peer.connection->close();
  peer.connection.reset();
  premises_.counters.frames_lost += peer.waiting.size();
  peer.waiting.clear();
  peer.waiting_bytes = 0;
  peer.attempt = 0;
  peer.state = Peer::State::kIdle;
}

void Dialler::fail(Peer& peer, const std::string& why) {
  const auto now = std::chrono::steady_clock::now();
  // A connection that worked for a while is dialled again at once, the first time.
  const bool was_connected = peer.state == Peer::State::kReady;
  const bool worked = was_connected && now - peer.ready_since >= premises_.options.limits.redial_max;
  drop(peer);
  peer.pause = worked ? Duration::zero()
                      : std::clamp<Duration>(peer.pause * 2, premises_.options.limits.redial_min,
                                             premises_.options.limits.redial_max);
  peer.not_before = now + peer.pause;
  const std::string trouble = cat("n", peer.id, " at ", to_string(peer.endpoint), ": ", why);
  if (trouble != peer.trouble) premises_.warn(trouble);
  peer.trouble = trouble;
  if (premises_.options.on_lost) premises_.options.on_lost(peer.id, was_connected);
}

}  // namespace lockstep::net
