// Accepting, greeting, refusing.
#include "net/doorkeeper.h"

#include <chrono>

#include "base/check.h"

namespace lockstep::net {
namespace {

// Ids made up for connections of clients; members have small ones.
constexpr std::uint64_t kClientIds = std::uint64_t{1} << 62;
constexpr Duration kPauseAfterFailedAccept = std::chrono::milliseconds(100);

}  // namespace

struct Doorkeeper::Caller {
  std::uint64_t number = 0;
  std::shared_ptr<Connection> connection;  // none while its encryption is being agreed on
  bool greeted = false;
  Party party;
  ClusterId cluster;       // as it writes it into its frames
  std::uint64_t boot = 0;  // of its process
  std::chrono::steady_clock::time_point heard{};
  bool dirty = false;
};

Doorkeeper::Doorkeeper(EventLoop& loop, const Place& place, const TransportOptions& options,
                       TransportCounters& counters, Receive receive, Log log)
    : loop_(loop),
      place_(place),
      options_(options),
      counters_(counters),
      receive_(std::move(receive)),
      log_(std::move(log)),
      self_(std::make_shared<Doorkeeper*>(this)) {}

Doorkeeper::~Doorkeeper() {
  *self_ = nullptr;
  IoError ignored;
  for (const auto& acceptor : acceptors_) acceptor->close(ignored);
  for (const auto& [number, caller] : parties_)
    if (caller->connection) caller->connection->close();
}

void Doorkeeper::serve(Tcp::acceptor acceptor) {
  acceptors_.push_back(std::make_shared<Tcp::acceptor>(std::move(acceptor)));
  accept_next(acceptors_.back());
}

void Doorkeeper::accept_next(const std::shared_ptr<Tcp::acceptor>& acceptor) {
  acceptor->async_accept([self = self_, acceptor](const IoError& error, Tcp::socket socket) {
    if (*self == nullptr || error == asio::error::operation_aborted) return;
    if (error) {  // out of descriptors, most likely: those who are connected go on, others wait
      (*self)->loop_.after(kPauseAfterFailedAccept, [self, acceptor] {
        if (*self != nullptr) (*self)->accept_next(acceptor);
      });
      return;
    }
    (*self)->admit(std::move(socket));
    (*self)->accept_next(acceptor);
  });
}

void Doorkeeper::admit(Tcp::socket socket) {
  if (parties_.size() >= options_.limits.max_connections) {
    ++counters_.refused;
    return;  // closes it
  }
  tune(socket);
  auto caller = std::make_shared<Caller>();
  const std::uint64_t number = ++next_number_;
  caller->number = number;
  parties_.emplace(number, caller);
  loop_.after(options_.limits.handshake_timeout, [self = self_, caller] {
    if (*self != nullptr && !caller->greeted) (*self)->leave(caller);
  });
  Security& security = options_.security != nullptr ? *options_.security : in_the_clear_;
  security.accept(std::move(socket), [self = self_, number](Result<std::unique_ptr<Stream>> stream) {
    if (*self == nullptr) return;
    const auto found = (*self)->parties_.find(number);
    if (found == (*self)->parties_.end()) return;
    if (stream) return (*self)->greet(number, std::move(*stream));
    ++(*self)->counters_.refused;
    if ((*self)->log_) (*self)->log_(stream.error().message);
    (*self)->leave(CallerPtr(found->second));
  });
}

void Doorkeeper::greet(std::uint64_t number, std::unique_ptr<Stream> stream) {
  const CallerPtr caller = parties_.at(number);
  caller->connection = std::make_shared<Connection>(std::move(stream), options_.limits.max_queued_bytes);
  const std::weak_ptr<Caller> who = caller;  // the connection must not keep alive what keeps it alive
  caller->connection->start(
      [self = self_, who](const Frame& frame) {
        const CallerPtr known = who.lock();
        if (*self != nullptr && known) (*self)->on_frame(known, frame);
      },
      [self = self_, who](const std::string&) {
        const CallerPtr known = who.lock();
        if (*self != nullptr && known) (*self)->leave(known);
      });
}

void Doorkeeper::on_frame(const CallerPtr& caller, const Frame& frame) {
  if (!caller->greeted) return on_hello(caller, frame);
  ++counters_.frames_received;
  counters_.bytes_received += frame.payload.size();
  caller->heard = std::chrono::steady_clock::now();
  const bool addressed = frame.header.from == caller->party.name && frame.header.to == place_.self &&
                         frame.header.cluster == place_.cluster;
  // Consensus listens to members only; a client may ask.
  const bool allowed = caller->party.is_member || frame.header.channel == Channel::kRequest;
  if (addressed && allowed) receive_(caller->party, frame.header.channel, frame.payload);
}

void Doorkeeper::on_hello(const CallerPtr& caller, const Frame& frame) {
  if (frame.header.channel != Channel::kHandshake) return refuse(caller, "expected a hello first");
  const auto message = decode_handshake(frame.payload);
  if (!message) return refuse(caller, message.error().message);
  const auto* hello = std::get_if<Hello>(&*message);
  if (hello == nullptr) return refuse(caller, "expected a hello first");
  if (const std::string reason = objection(*caller, *hello); !reason.empty()) return refuse(caller, reason);
  welcome(caller, *hello);
}

std::string Doorkeeper::objection(Caller& caller, const Hello& hello) {
  const bool is_member = options_.peers.contains(hello.from);
  const Gate gate{.cluster = place_.cluster, .self = place_.self, .identity = options_.identity};
  if (auto reason = objection_to(hello, gate, is_member); !reason.empty()) return reason;
  caller.party.name = hello.from;
  caller.party.is_member = hello.kind == PartyKind::kMember;
  if (caller.party.is_member) return taken(hello);
  if (!options_.authenticate) return {};
  const auto access = options_.authenticate(hello.token);
  if (!access) return access.error().message;
  caller.party.access = *access;
  return {};
}

std::string Doorkeeper::taken(const Hello& hello) const {
  const auto found = members_.find(hello.from);
  if (found == members_.end() || found->second->boot == hello.boot) return {};
  const Caller& holder = *found->second;
  // After kill -9 its connection is closed at once; after a power loss nobody closes it.
  if (std::chrono::steady_clock::now() - holder.heard > options_.limits.silence) return {};
  return cat("node id n", hello.from, " is taken by the process at ", holder.connection->remote());
}

void Doorkeeper::welcome(const CallerPtr& caller, const Hello& hello) {
  caller->greeted = true;
  caller->boot = hello.boot;
  caller->heard = std::chrono::steady_clock::now();
  caller->connection->set_max_frame_bytes(kFrameHeaderBytes + kMaxPayloadBytes);
  if (caller->party.is_member) {
    caller->party.id = hello.from;
    const auto earlier = members_.find(hello.from);
    if (earlier != members_.end()) leave(CallerPtr(earlier->second));
    members_[hello.from] = caller;
  } else {
    caller->party.id = NodeId(kClientIds + caller->number);
    clients_[caller->party.id] = caller;
  }
  const Welcome answer{.cluster = place_.cluster, .from = place_.self, .boot = options_.boot};
  caller->connection->queue({place_.cluster, place_.self, hello.from, Channel::kHandshake}, encode(answer));
  caller->connection->flush();
  if (caller->party.is_member && member_arrived_) member_arrived_(hello.from);
}

void Doorkeeper::refuse(const CallerPtr& caller, const std::string& reason) {
  ++counters_.refused;
  if (log_) log_(cat("refused ", caller->connection->remote(), ": ", reason));
  caller->connection->queue({place_.cluster, place_.self, caller->party.name, Channel::kHandshake},
                            encode(Refusal{.reason = reason}));
  caller->connection->finish();
  leave(caller);
}

void Doorkeeper::leave(const CallerPtr& caller) {
  parties_.erase(caller->number);
  clients_.erase(caller->party.id);
  const auto member = members_.find(caller->party.id);
  if (member != members_.end() && member->second == caller) members_.erase(member);
  if (caller->connection && caller->greeted) caller->connection->close();
  if (caller->connection && !caller->greeted) caller->connection->finish();
}

bool Doorkeeper::send(NodeId client, Channel channel, BytesView payload) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return false;
  const CallerPtr caller = found->second;
  if (!caller->connection->queue({place_.cluster, place_.self, caller->party.name, channel}, payload)) {
    if (log_) log_(cat("dropped ", caller->connection->remote(), ": it does not read its answers"));
    leave(caller);
    return false;
  }
  if (!std::exchange(caller->dirty, true)) dirty_.push_back(caller);
  return true;
}

void Doorkeeper::flush() {
  for (const CallerPtr& caller : std::exchange(dirty_, {})) {
    caller->dirty = false;
    caller->connection->flush();
  }
}

NodeId Doorkeeper::name_of(NodeId client) const {
  const auto found = clients_.find(client);
  return found == clients_.end() ? NodeId() : found->second->party.name;
}

}  // namespace lockstep::net
