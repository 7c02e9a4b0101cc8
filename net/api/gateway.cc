// Numbers, deadlines and the end of every call.
#include "net/api/gateway.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace lockstep::api {
namespace {

// Between the members, who are few, and the ids that the host makes up for connections.
constexpr std::uint64_t kLocalParties = std::uint64_t{1} << 61;
constexpr NodeId kHouse{kLocalParties};  // this process itself

Bytes refusal(wire::ReplyStatus status, std::string message) {
  wire::Reply reply;
  reply.set_status(status);
  reply.set_message(std::move(message));
  return reply.SerializeAsString();
}

// The first field of a request and of a reply.
constexpr std::uint8_t kCallTag = wire::Reply::kCallFieldNumber << 3;
static_assert(int{wire::Request::kCallFieldNumber} == int{wire::Reply::kCallFieldNumber});

std::string_view what_became_of(wire::Request::WhatCase what) {
  switch (what) {
    case wire::Request::kQuery: return "no answer in time: the query was ended, and has had no effect";
    case wire::Request::kGetVersion:
    case wire::Request::kStatus: return "no answer in time";
    default: return "no answer in time; a write may still be executed";
  }
}

// Protobuf writes fields in the order of their numbers.
Result<std::uint64_t> call_of(BytesView reply) {
  ByteReader in(reply);
  LOCKSTEP_TRY(tag, in.u8());
  if (tag != kCallTag) return fail(ErrorCode::kCorrupt, "expected the number of a call first");
  return in.varint();
}

}  // namespace

Gateway::Gateway(net::EventLoop& loop, net::Host& host, GatewayOptions options)
    : loop_(loop),
      host_(host),
      options_(std::move(options)),
      timer_(loop.context()),
      self_(std::make_shared<Gateway*>(this)) {
  attach(kHouse);
}

Gateway::~Gateway() {
  *self_ = nullptr;
  for (const NodeId party : parties_) host_.detach_local(party);
  for (auto& [number, waiting] : std::exchange(waiting_, {})) {
    waiting.then(refusal(wire::STOPPED, "this node is shutting down"));
  }
}

void set_patience(wire::Request& request, Duration timeout) {
  if (!request.has_query()) return;
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(std::max(timeout, Duration(1)));
  request.mutable_query()->set_timeout_ms(
      static_cast<std::uint32_t>(std::min<std::int64_t>(whole.count(), UINT32_MAX)));
}

Guest::~Guest() {
  if (*gateway_ != nullptr) (*gateway_)->lose(party_);
}

std::shared_ptr<Guest> Gateway::receive_guest() {
  const NodeId party(kLocalParties + ++last_guest_);
  attach(party);
  return std::shared_ptr<Guest>(new Guest(self_, party));
}

void Gateway::attach(NodeId party) {
  parties_.insert(party);
  host_.attach_local(party, [this](Channel channel, BytesView payload) {
    if (channel == Channel::kReply) receive(payload);
  });
}

// Its writes are still answered by the node, to nobody. Of its queries this end is all that whoever asked is
// told, if it still listens.
void Gateway::lose(NodeId party) {
  parties_.erase(party);
  host_.detach_local(party);
  std::vector<ThenBytes> lost;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const bool is_lost = at->second.party == party;
    if (is_lost) lost.push_back(std::move(at->second.then));
    at = is_lost ? waiting_.erase(at) : std::next(at);
  }
  for (ThenBytes& then : lost) refuse(std::move(then), wire::TIMED_OUT, "whoever asked is gone");
}

Instant Gateway::now() const { return host_.env().clock.monotonic_now(); }

std::uint64_t Gateway::call(wire::Request& request, Access access, Duration timeout, Then then,
                            const Guest* guest) {
  request.clear_call();
  set_patience(request, timeout);
  return call_encoded(
      {request.what_case(), request.SerializeAsString()}, access, timeout,
      [then = std::move(then)](BytesView bytes) {
        wire::Reply reply;
        const bool fine = reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        CHECK(fine, "the node's reply does not parse");
        then(reply);
      },
      guest);
}

std::uint64_t Gateway::call_encoded(EncodedRequest request, Access access, Duration timeout, ThenBytes then,
                                    const Guest* guest) {
  const std::uint64_t number = ++next_call_;
  if (std::string sentence = objection(access, request.what); !sentence.empty()) {
    refuse(std::move(then), wire::FORBIDDEN, std::move(sentence));
    return number;
  }
  if (waiting_.size() >= options_.max_outstanding) {
    refuse(std::move(then), wire::OVERLOADED,
           cat("more than ", options_.max_outstanding, " calls are waiting at this node"));
    return number;
  }
  const NodeId party = guest != nullptr ? guest->party_ : kHouse;
  const Instant deadline = now() + std::max(timeout, Duration::zero());
  waiting_.emplace_hint(waiting_.end(), number, Waiting{deadline, request.what, party, std::move(then)});
  wake_at(deadline);
  ByteWriter(request.bytes).u8(kCallTag).varint(number);
  host_.deliver(party, Channel::kRequest, request.bytes);
  return number;
}

void Gateway::withdraw(std::uint64_t number) {
  const auto waiting = waiting_.extract(number);
  if (waiting.empty()) return;
  wire::Request request;
  request.mutable_withdraw()->set_call(number);
  host_.deliver(waiting.mapped().party, Channel::kRequest, request.SerializeAsString());
}

void Gateway::receive(BytesView payload) {
  const auto number = call_of(payload);
  CHECK(number.has_value(), number.error().message);
  auto waiting = waiting_.extract(*number);
  if (!waiting.empty()) waiting.mapped().then(payload);
}

// Later, because callers need not expect an answer while they still ask.
void Gateway::refuse(ThenBytes then, wire::ReplyStatus status, std::string message) {
  loop_.post([then = std::move(then), reply = refusal(status, std::move(message))] { then(reply); });
}

// One timer, set for the earliest deadline that was known when it was set: as calls mostly end before theirs,
// it rings about once per timeout, not once per call.
void Gateway::wake_at(Instant deadline) {
  if (deadline >= wake_) return;
  wake_ = deadline;
  timer_.expires_after(std::max(deadline - now(), Duration::zero()));
  timer_.async_wait([self = self_](const net::IoError& error) {
    if (!error && *self != nullptr) (*self)->on_timer();
  });
}

void Gateway::on_timer() {
  const Instant time = now();
  std::vector<Waiting> late;
  Instant next = kNever;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.deadline <= time) {
      late.push_back(std::move(at->second));
      at = waiting_.erase(at);
    } else {
      next = std::min(next, (at++)->second.deadline);
    }
  }
  wake_ = kNever;
  wake_at(next);
  for (const Waiting& call : late)
    call.then(refusal(wire::TIMED_OUT, std::string(what_became_of(call.what))));
}

Result<Access> Gateway::authenticate(std::string_view token) const {
  return options_.tokens ? options_.tokens->authenticate(token) : Access::kAdmin;
}

NodeFacts Gateway::facts() const {
  const net::TcpTransport& transport = host_.transport();
  NodeFacts facts{.self = host_.env().self, .transport = transport.counters()};
  const std::set<NodeId> connected = transport.dialler().connected();
  for (const auto& [peer, endpoint] : transport.peers())
    facts.peers[peer] = {connected.contains(peer), transport.dialler().trouble_with(peer)};
  facts.clients = transport.doorkeeper().clients();
  facts.connections = transport.doorkeeper().connections();
  facts.outstanding = waiting_.size();
  return facts;
}

}  // namespace lockstep::api
