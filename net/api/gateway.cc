// Numbers, deadlines and the end of every call.
#include "net/api/gateway.h"

#include <algorithm>
#include <utility>

namespace lockstep::api {
namespace {

// Between the members, who are few, and the ids that the host makes up for connections.
constexpr NodeId kLocalParty{std::uint64_t{1} << 61};

wire::Reply refusal(wire::ReplyStatus status, std::string message) {
  wire::Reply reply;
  reply.set_status(status);
  reply.set_message(std::move(message));
  return reply;
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
    wire::Reply reply = refusal(wire::STOPPED, "this node is shutting down");
    waiting.then(reply);
  }
}

Instant Gateway::now() const { return host_.env().clock.monotonic_now(); }

void Gateway::call(wire::Request& request, Access access, Duration timeout, Then then) {
  if (std::string sentence = objection(access, request.what_case()); !sentence.empty())
    return refuse(std::move(then), wire::FORBIDDEN, std::move(sentence));
  if (waiting_.size() >= options_.max_outstanding)
    return refuse(std::move(then), wire::OVERLOADED,
                  cat("more than ", options_.max_outstanding, " calls are waiting at this node"));
  const std::uint64_t number = ++next_call_;
  const Instant deadline = now() + std::max(timeout, Duration::zero());
  waiting_.emplace_hint(waiting_.end(), number, Waiting{deadline, std::move(then)});
  wake_at(deadline);
  request.set_call(number);
  request_bytes_.clear();
  request.AppendToString(&request_bytes_);
  host_.deliver(kLocalParty, Channel::kRequest, request_bytes_);
}

void Gateway::receive(BytesView payload) {
  wire::Reply reply;
  if (!reply.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  auto waiting = waiting_.extract(reply.call());
  if (!waiting.empty()) waiting.mapped().then(reply);
}

// Later, because callers need not expect an answer while they still ask.
void Gateway::refuse(Then then, wire::ReplyStatus status, std::string message) {
  loop_.post(
      [then = std::move(then), reply = refusal(status, std::move(message))]() mutable { then(reply); });
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
  std::vector<Then> late;
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
  for (const Then& then : late) {
    wire::Reply reply = refusal(wire::TIMED_OUT, "no answer in time; a write may still be executed");
    then(reply);
  }
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
