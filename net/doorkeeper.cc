// Accepting, greeting, refusing.
#include "net/doorkeeper.h"

#include <algorithm>
#include <chrono>

#include "net/descriptors.h"

namespace lockstep::net {
namespace {

// Ids made up for connections of clients; members have small ones.
constexpr std::uint64_t kClientIds = kEndOfFieldNumbers;
constexpr Duration kPauseAfterFailedAccept = std::chrono::milliseconds(100);
// How long one who has been refused may take to read why.
constexpr Duration kLinger = std::chrono::seconds(1);
constexpr std::uint64_t kMostLinesPerSecond = 20;

std::size_t places_for_clients(const TransportLimits& limits) {
  return std::min(limits.max_connections, descriptors_for_clients() * 4 / 5);
}

// Consensus listens to members only; a client may ask, the field may speak to the hub, and no more.
bool may_use(PartyKind kind, Channel channel) {
  switch (kind) {
    case PartyKind::kMember: return channel != Channel::kHandshake;
    case PartyKind::kClient: return channel == Channel::kRequest;
    case PartyKind::kField: return channel == Channel::kField;
  }
  return false;
}

}  // namespace

struct Doorkeeper::Caller {
  std::uint64_t number = 0;
  std::string remote;
  std::shared_ptr<Connection> connection;  // none while its encryption is being agreed on
  bool greeted = false;
  PartyKind kind = PartyKind::kClient;
  Party party;
  std::uint64_t boot = 0;  // of its process
};

Doorkeeper::Doorkeeper(Premises& premises)
    : premises_(premises),
      places_(places_for_clients(premises.options.limits)),
      pool_(std::make_shared<MemoryPool>(
          premises.options.limits.max_buffered_bytes,
          [&loop = premises.loop](std::function<void()> relieve) { loop.post(std::move(relieve)); })),
      self_(std::make_shared<Doorkeeper*>(this)) {
  pool_->open(*this);
}

Doorkeeper::~Doorkeeper() {
  *self_ = nullptr;
  pool_->close(*this);
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
      (*self)->say(cat("cannot accept a connection: ", error.message()));
      (*self)->premises_.loop.after(kPauseAfterFailedAccept, [self, acceptor] {
        if (*self != nullptr) (*self)->accept_next(acceptor);
      });
      return;
    }
    (*self)->admit(std::move(socket));
    (*self)->accept_next(acceptor);
  });
}

void Doorkeeper::admit(Tcp::socket socket) {
  // There is always room for one more, or a member could be kept out by those who say nothing. The oldest
  // stranger has had the longest time to say who it is.
  if (strangers_.size() >= std::max<std::size_t>(places_ / 4, 64)) {
    ++premises_.counters.refused;
    leave(CallerPtr(parties_.at(*strangers_.begin())));
  }
  tune(socket);
  IoError error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  auto caller = std::make_shared<Caller>();
  caller->number = ++next_number_;
  caller->remote = to_string(remote);
  parties_.emplace(caller->number, caller);
  strangers_.insert(caller->number);
  leave_later(caller, premises_.options.limits.handshake_timeout);
  premises_.security().accept(std::move(socket), [self = self_, number = caller->number](auto stream) {
    if (*self == nullptr) return;
    const auto found = (*self)->parties_.find(number);
    if (found == (*self)->parties_.end()) return;
    const CallerPtr secured = found->second;
    if (stream) return (*self)->greet(secured, std::move(*stream));
    ++(*self)->premises_.counters.refused;
    (*self)->say(cat("refused ", secured->remote, ": ", stream.error().message));
    (*self)->leave(secured);
  });
}

// Nobody who has been let in by then. The timer keeps a number and not the caller, whose buffers would wait
// with it.
void Doorkeeper::leave_later(const CallerPtr& caller, Duration patience) {
  premises_.loop.after(patience, [self = self_, number = caller->number] {
    if (*self == nullptr || !(*self)->strangers_.contains(number)) return;
    (*self)->leave(CallerPtr((*self)->parties_.at(number)));
  });
}

void Doorkeeper::greet(const CallerPtr& caller, std::unique_ptr<Stream> stream) {
  caller->connection =
      std::make_shared<Connection>(std::move(stream), premises_.options.limits.max_queued_bytes, pool_);
  const std::weak_ptr<Caller> who = caller;  // the connection must not keep alive what keeps it alive
  caller->connection->start(
      [self = self_, who](const Frame& frame) {
        const CallerPtr known = who.lock();
        if (*self != nullptr && known) (*self)->on_frame(known, frame);
      },
      [self = self_, who](const std::string&) {
        const CallerPtr known = who.lock();
        if (*self != nullptr && known) (*self)->leave(known);
      },
      [self = self_, who](const std::string& why) {
        const CallerPtr known = who.lock();
        if (*self != nullptr && known) (*self)->refuse(known, why);
      });
}

void Doorkeeper::on_frame(const CallerPtr& caller, const Frame& frame) {
  if (!caller->greeted) return on_hello(caller, frame);
  premises_.count(frame);
  const bool addressed = frame.header.from == caller->party.name && frame.header.to == premises_.place.self &&
                         frame.header.cluster == premises_.place.cluster;
  if (addressed && may_use(caller->kind, frame.header.channel)) premises_.hand_on(caller->party, frame);
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
  const bool is_member = premises_.options.peers.contains(hello.from);
  const Gate gate{.cluster = premises_.place.cluster,
                  .self = premises_.place.self,
                  .identity = premises_.options.identity,
                  .serves_field = premises_.options.serves_field};
  if (auto reason = objection_to(hello, gate, is_member); !reason.empty()) return reason;
  caller.kind = hello.kind;
  caller.party.name = hello.from;
  caller.party.is_member = hello.kind == PartyKind::kMember;
  return caller.party.is_member ? objection_to_member(caller, hello) : objection_to_client(caller, hello);
}

std::string Doorkeeper::objection_to_member(const Caller& caller, const Hello& hello) const {
  const std::string& host = premises_.options.peers.at(hello.from).host;
  if (const Status proof = caller.connection->stream().proves(hello.from, host); !proof)
    return proof.error().message;
  return objection_to_second(members_, hello, "node id n");
}

// An open connection is a process that lives, or a machine that has been silent for less than tune() allows.
std::string Doorkeeper::objection_to_second(const std::map<NodeId, CallerPtr>& known, const Hello& hello,
                                            std::string_view what) {
  const auto found = known.find(hello.from);
  if (found == known.end() || found->second->boot == hello.boot) return {};
  return cat(what, hello.from, " is taken by the process at ", found->second->remote);
}

std::string Doorkeeper::objection_to_client(Caller& caller, const Hello& hello) const {
  if (clients_.size() >= places_) return cat("all ", places_, " places for clients are taken");
  if (hello.kind == PartyKind::kField)
    if (auto reason = objection_to_second(clients_, hello, "number "); !reason.empty())
      return cat(reason, "; stop that one, or give this one another name");
  if (!premises_.options.authenticate) return {};
  const auto access = premises_.options.authenticate(hello);
  if (!access) return access.error().message;
  caller.party.access = *access;
  return {};
}

void Doorkeeper::welcome(const CallerPtr& caller, const Hello& hello) {
  caller->greeted = true;
  caller->boot = hello.boot;
  strangers_.erase(caller->number);
  const bool is_member = caller->party.is_member;
  caller->connection->set_max_frame_bytes(
      kFrameHeaderBytes + (is_member ? kMaxPayloadBytes : premises_.options.limits.max_request_bytes));
  if (is_member) {
    caller->party.id = hello.from;
    const auto earlier = members_.find(hello.from);
    if (earlier != members_.end()) leave(CallerPtr(earlier->second));
    members_[hello.from] = caller;
  } else {
    const bool keeps_number = caller->kind == PartyKind::kField;
    caller->party.id = keeps_number ? hello.from : NodeId(kClientIds + caller->number);
    const auto earlier = clients_.find(caller->party.id);
    if (earlier != clients_.end()) leave(CallerPtr(earlier->second));
    clients_[caller->party.id] = caller;
  }
  const Welcome answer{
      .cluster = premises_.place.cluster, .from = premises_.place.self, .boot = premises_.options.boot};
  caller->connection->queue({premises_.place.cluster, premises_.place.self, hello.from, Channel::kHandshake},
                            encode(answer));
  caller->connection->flush();
  if (is_member && member_arrived_) member_arrived_(hello.from, hello.boot);
}

void Doorkeeper::refuse(const CallerPtr& caller, const std::string& reason) {
  ++premises_.counters.refused;
  say(cat("refused ", caller->remote, ": ", reason));
  caller->connection->queue(
      {premises_.place.cluster, premises_.place.self, caller->party.name, Channel::kHandshake},
      encode(Refusal{.reason = reason}));
  caller->connection->finish();
  // From now on it is nobody, but its connection counts until it is closed.
  forget(caller);
  strangers_.insert(caller->number);
  leave_later(caller, kLinger);
}

void Doorkeeper::send_away(NodeId client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  const CallerPtr caller = found->second;
  caller->connection->finish();
  forget(caller);
  strangers_.insert(caller->number);
  leave_later(caller, kLinger);
}

void Doorkeeper::say_forbidden(const Party& from, const std::string& why) {
  ++premises_.counters.forbidden;
  say(cat("not taken from number ", from.name, ": ", why));
}

// A later connection may have taken its place.
void Doorkeeper::forget(const CallerPtr& caller) {
  const auto member = members_.find(caller->party.id);
  if (member != members_.end() && member->second == caller) members_.erase(member);
  const auto client = clients_.find(caller->party.id);
  if (client == clients_.end() || client->second != caller) return;
  clients_.erase(client);
  premises_.loop.post([self = self_, id = caller->party.id] {
    if (*self != nullptr && (*self)->client_gone_) (*self)->client_gone_(id);
  });
}

void Doorkeeper::leave(const CallerPtr& caller) {
  parties_.erase(caller->number);
  strangers_.erase(caller->number);
  forget(caller);
  if (caller->connection) caller->connection->close();
}

bool Doorkeeper::send(NodeId client, Channel channel, BytesView payload) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return false;
  const CallerPtr caller = found->second;
  const FrameHeader header{premises_.place.cluster, premises_.place.self, caller->party.name, channel};
  if (!premises_.queue(caller->connection, header, payload)) {
    say(cat("dropped ", caller->remote, ": it does not read its answers"));
    leave(caller);
    return false;
  }
  return true;
}

std::size_t Doorkeeper::most_held() const {
  const CallerPtr greediest = greediest_client();
  return greediest ? greediest->connection->held_bytes() : 0;
}

// Its buffers must be free at once, so it hears why only if the words leave at once.
void Doorkeeper::drop_greediest(const std::string& why) {
  const CallerPtr greediest = greediest_client();
  ++premises_.counters.refused;
  say(cat("dropped ", greediest->remote, ": ", why));
  greediest->connection->queue(
      {premises_.place.cluster, premises_.place.self, greediest->party.name, Channel::kHandshake},
      encode(Refusal{.reason = why}));
  greediest->connection->flush();
  leave(greediest);
}

Doorkeeper::CallerPtr Doorkeeper::greediest_client() const {
  CallerPtr greediest;
  for (const auto& [number, caller] : parties_) {
    if (caller->party.is_member || !caller->connection) continue;
    if (!greediest || caller->connection->held_bytes() > greediest->connection->held_bytes())
      greediest = caller;
  }
  return greediest;
}

// Strangers must not be able to fill the log.
void Doorkeeper::say(const std::string& line) {
  const auto now = std::chrono::steady_clock::now();
  if (now - said_since_ >= std::chrono::seconds(1)) {
    if (said_ > kMostLinesPerSecond)
      premises_.warn(cat(said_ - kMostLinesPerSecond, " more lines like these"));
    said_since_ = now;
    said_ = 0;
  }
  if (++said_ <= kMostLinesPerSecond) premises_.warn(line);
}

NodeId Doorkeeper::name_of(NodeId client) const {
  const auto found = clients_.find(client);
  return found == clients_.end() ? NodeId() : found->second->party.name;
}

}  // namespace lockstep::net
