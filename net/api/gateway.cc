// Numbers, deadlines and the end of every call.
#include "net/api/gateway.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace lockstep::api {
namespace {

// Between the members, who are few, and the ids that the host makes up for connections.
constexpr NodeId kLocalParty{std::uint64_t{1} << 61};

Bytes refusal(wire::ReplyStatus status, std::string message) {
  wire::Reply reply;
  reply.set_status(status);
  reply.set_message(std::move(message));
  return reply.SerializeAsString();
}

// The first field of a request and of a reply.
constexpr std::uint8_t kCallTag = wire::Reply::kCallFieldNumber << 3;
static_assert(int{wire::Request::kCallFieldNumber} == int{wire::Reply::kCallFieldNumber});

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
  host_.attach_local(kLocalParty, [this](Channel channel, BytesView payload) {
    if (channel == Channel::kReply) receive(payload);
  });
}

Gateway::~Gateway() {
  *self_ = nullptr;
  host_.detach_local(kLocalParty);
  for (auto& [number, waiting] : std::exchange(waiting_, {})) {
    waiting.then(refusal(wire::STOPPED, "this node is shutting down"));
  }
}

Instant Gateway::now() const { return host_.env().clock.monotonic_now(); }

void Gateway::call(wire::Request& request, Access access, Duration timeout, Then then) {
  request.clear_call();
  call_encoded({request.what_case(), request.SerializeAsString()}, access, timeout,
               [then = std::move(then)](BytesView bytes) {
                 wire::Reply reply;
                 const bool fine = reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                 CHECK(fine, "the node's reply does not parse");
                 then(reply);
               });
}

void Gateway::call_encoded(EncodedRequest request, Access access, Duration timeout, ThenBytes then) {
  if (std::string sentence = objection(access, request.what); !sentence.empty())
    return refuse(std::move(then), wire::FORBIDDEN, std::move(sentence));
  if (waiting_.size() >= options_.max_outstanding)
    return refuse(std::move(then), wire::OVERLOADED,
                  cat("more than ", options_.max_outstanding, " calls are waiting at this node"));
  const std::uint64_t number = ++next_call_;
  const Instant deadline = now() + std::max(timeout, Duration::zero());
  waiting_.emplace_hint(waiting_.end(), number, Waiting{deadline, std::move(then)});
  wake_at(deadline);
  ByteWriter(request.bytes).u8(kCallTag).varint(number);
  host_.deliver(kLocalParty, Channel::kRequest, request.bytes);
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
  std::vector<ThenBytes> late;
  Instant next = kNever;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.deadline <= time) {
      late.push_back(std::move(at->second.then));
      at = waiting_.erase(at);
    } else {
      next = std::min(next, (at++)->second.deadline);
    }
  }
  wake_ = kNever;
  wake_at(next);
  for (const ThenBytes& then : late)
    then(refusal(wire::TIMED_OUT, "no answer in time; a write may still be executed"));
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
