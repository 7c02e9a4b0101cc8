// Attempts, replies and what may be concluded from them.
#include "core/client/client.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::client {
namespace {

constexpr Purpose kJitter{"client.jitter"};
constexpr Purpose kFirstNode{"client.first_node"};

constexpr unsigned kMostLosses = 3;     // of a call to one node alone: once may be an old connection, twice bad luck
constexpr unsigned kMostDoublings = 4;  // of the patience with reads

// The attempt that was answered, that is, if the network delivered it once.
bool certainly_not_executed(wire::ReplyStatus status) { return status >= 10 && status < 20; }

}  // namespace

Client::Client(Config config, Instant) : config_(std::move(config)), jitter_(config_.seed, kJitter, 0) {
  CHECK(!config_.nodes.empty(), "a client without nodes");
  next_node_ = below(draw(config_.seed, kFirstNode, 0, 0), config_.nodes.size());
}

// ---- calls ----------------------------------------------------------------------------------------------------

CallId Client::write(std::vector<wire::Statement> statements, WriteOptions options, Instant now, Instant deadline) {
  Call call;
  call.deadline = deadline;
  wire::WriteRequest& request = *call.request.mutable_write();
  request.set_mode(options.mode);
  if (const auto& pause = options.pause_before_commit) {
    request.set_pause_before_commit_ms(
        static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(*pause).count()));
  }
  wire::Write& write = *request.mutable_write();
  write.set_sequence(++next_sequence_);
  for (wire::Statement& statement : statements) *write.add_statements() = std::move(statement);
  for (wire::TableVersion& version : options.expected) *write.add_expected() = std::move(version);
  return submit(std::move(call), now);
}

CallId Client::query(wire::Statement statement, ReadOptions options, Instant now, Instant deadline) {
  Call call;
  call.deadline = deadline;
  call.at = options.at;
  *call.request.mutable_query()->mutable_statement() = std::move(statement);
  call.request.mutable_query()->set_level(options.level);
  return submit(std::move(call), now);
}

CallId Client::get_version(std::string table, std::optional<NodeId> at, Instant now, Instant deadline) {
  Call call;
  call.deadline = deadline;
  call.at = at;
  call.request.mutable_get_version()->set_table(std::move(table));
  return submit(std::move(call), now);
}

CallId Client::status(NodeId node, Instant now, Instant deadline) {
  Call call;
  call.deadline = deadline;
  call.at = node;
  call.request.mutable_status();
  return submit(std::move(call), now);
}

CallId Client::maintain(wire::Maintain::What what, Instant now, Instant deadline) {
  Call call;
  call.deadline = deadline;
  call.request.mutable_maintain()->set_what(what);
  return submit(std::move(call), now);
}

CallId Client::close_session(Instant now, Instant deadline) {
  for (const auto& [number, open] : calls_) CHECK(!open.is_write(), "call ", number, " has not completed");
  Call call;
  call.deadline = deadline;
  call.request.mutable_close_session()->set_session(std::exchange(session_, 0));
  return submit(std::move(call), now);
}

CallId Client::submit(Call call, Instant now) {
  const std::uint64_t number = ++next_call_;
  if (call.request.ByteSizeLong() > config_.max_request_bytes) {
    wire::Reply reply;
    reply.set_status(wire::BAD_REQUEST);
    reply.set_message(cat("a request has at most ", config_.max_request_bytes, " bytes"));
    completions_.push_back({CallId(number), Conclusion::kFailed, std::move(reply)});
    return CallId(number);
  }
  call.request.set_call(number);
  call.next_attempt = now;
  if (add(number, std::move(call)).is_write() && session_ == 0) open_session(now);
  send_due(now);
  return CallId(number);
}

void Client::open_session(Instant now) {
  if (opening_call_ != 0) return;
  opening_call_ = ++next_call_;
  Call call;
  call.request.set_call(opening_call_);
  call.request.mutable_open_session();
  call.next_attempt = now;
  add(opening_call_, std::move(call));
}

Client::Call& Client::add(std::uint64_t number, Call call) {
  Call& added = calls_.emplace(number, std::move(call)).first->second;
  if (added.is_write()) incomplete_.insert(added.request.write().write().sequence());
  deadlines_.emplace(added.deadline, number);
  set_timer(added);
  return added;
}

std::uint64_t Client::sequence(CallId id) const {
  const auto found = calls_.find(id.value());
  return found == calls_.end() ? 0 : found->second.request.write().write().sequence();
}

// ---- attempts -------------------------------------------------------------------------------------------------

void Client::set_timer(Call& call) {
  const bool waits_for_session = call.is_write() && session_ == 0 && call.asked.is_none();
  const Instant at = waits_for_session ? kNever : call.next_attempt;
  if (at == call.timed) return;
  auto timer = timed_.extract({std::exchange(call.timed, at), call.request.call()});
  if (at == kNever) return;
  if (timer.empty()) {
    timed_.emplace(at, call.request.call());
  } else {
    timer.value().first = at;
    timed_.insert(std::move(timer));
  }
}

// Whether writes wait for a session has changed.
void Client::set_all_timers() {
  for (auto& [number, call] : calls_) set_timer(call);
}

// The calls of which a time has come, in their own order.
std::vector<std::uint64_t> Client::due(Instant now) const {
  std::vector<std::uint64_t> numbers;
  for (const Timers* timers : {&timed_, &deadlines_})
    for (const auto& [at, number] : *timers) {
      if (at > now) break;
      numbers.push_back(number);
    }
  std::ranges::sort(numbers);
  const auto repeated = std::ranges::unique(numbers);
  numbers.erase(repeated.begin(), repeated.end());
  return numbers;
}

void Client::send_due(Instant now) {
  for (const std::uint64_t number : due(now)) {
    const auto current = calls_.find(number);
    Call& call = current->second;
    if (!call.asked.is_none() || call.timed > now) continue;
    if (tried_in_lost_session(call)) {
      complete(current, Conclusion::kUnknown);
    } else {
      attempt(call, now);
    }
  }
}

// Sent again in another session it might be executed twice.
bool Client::tried_in_lost_session(const Call& call) const {
  return call.is_write() && call.maybe_executed && call.request.write().write().session() != session_;
}

void Client::attempt(Call& call, Instant now) {
  call.asked = target(call);
  call.next_attempt = now + patience_with(call);
  if (call.is_write()) {
    wire::Write& write = *call.request.mutable_write()->mutable_write();
    write.set_session(session_);
    write.set_first_incomplete(first_incomplete());
  } else if (call.request.has_query() && call.deadline != kNever) {
    // 0 would say nothing about it.
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(call.deadline - now, Duration(1)));
    call.request.mutable_query()->set_timeout_ms(
        static_cast<std::uint32_t>(std::min<std::int64_t>(left.count(), UINT32_MAX)));
  }
  set_timer(call);
  outgoing_.push_back({call.asked, call.request.SerializeAsString()});
}

// Longer each time: a query may be slow by itself, and a late answer of an earlier attempt still counts.
Duration Client::patience_with(const Call& call) const {
  const bool hedged = config_.hedge_after > Duration::zero() && !call.at &&
                      (call.request.has_query() || call.request.has_get_version());
  if (!hedged) return config_.attempt_timeout;
  return config_.hedge_after * (std::int64_t{1} << std::min(call.fruitless, kMostDoublings));
}

NodeId Client::target(const Call& call) const {
  if (call.at) return *call.at;
  return leader_.is_none() ? config_.nodes[next_node_] : leader_;
}

// The smallest sequence whose answer this client still needs.
std::uint64_t Client::first_incomplete() const {
  return incomplete_.empty() ? next_sequence_ + 1 : *incomplete_.begin();
}

void Client::retry(Call& call, Instant now) {
  look_elsewhere(call.asked);
  call.follows_hint = false;
  call.asked = NodeId();
  const auto doubled = config_.backoff_min * (std::int64_t{1} << std::min(call.fruitless, 10u));
  const auto backoff = std::min<Duration>(doubled, config_.backoff_max);
  ++call.fruitless;
  const auto half = static_cast<std::uint64_t>(backoff.count()) / 2;
  call.next_attempt = now + Duration(static_cast<std::int64_t>(half + jitter_.next_below(half + 1)));
  set_timer(call);
}

// From a node that does not answer, or not well.
void Client::look_elsewhere(NodeId node) {
  if (leader_ == node) leader_ = NodeId();
  if (config_.nodes[next_node_] == node) turn_to_next_node();
}

void Client::turn_to_next_node() {
  do {
    next_node_ = (next_node_ + 1) % config_.nodes.size();
  } while (unreachable_.contains(config_.nodes[next_node_]));
}

void Client::retry_at(Call& call, NodeId hint, Instant now) {
  // Not twice in a row: two nodes may take each other for the leader. And not if the other node does not know yet what
  // this client has found out.
  const bool at_once = hint != call.asked && !call.follows_hint && !unreachable_.contains(hint);
  retry(call, now);
  const bool known = std::find(config_.nodes.begin(), config_.nodes.end(), hint) != config_.nodes.end();
  if (known) leader_ = hint;
  call.follows_hint = known && at_once;
  if (!call.follows_hint) return;
  call.next_attempt = now;
  set_timer(call);
}

// ---- replies --------------------------------------------------------------------------------------------------

void Client::on_reply(NodeId from, BytesView payload, Instant now) {
  wire::Reply reply;
  if (!reply.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  unreachable_.erase(from);
  const auto found = calls_.find(reply.call());
  if (found == calls_.end()) return;
  Call& call = found->second;
  call.losses = 0;
  const wire::ReplyStatus status = reply.status();
  const NodeId hint(reply.leader());
  // A late answer of an earlier attempt counts if it settles the call; a "try again" of it does not.
  const bool current = call.asked == from;
  call.last_reply.Swap(&reply);
  if (status == wire::DONE) {
    if (!call.at && !call.request.has_query()) leader_ = from;
    if (call.is_write()) {
      answer_write(found, now);
    } else if (call.request.has_open_session()) {
      const std::uint64_t session = call.last_reply.session();
      forget(found);
      session_opened(session);
    } else {
      complete(found, Conclusion::kDone);
    }
  } else if (status == wire::BAD_REQUEST || status == wire::FORBIDDEN) {
    if (call.request.has_open_session()) {
      session_refused(found);
    } else {
      complete(found, call.maybe_executed ? Conclusion::kUnknown : Conclusion::kFailed);
    }
  } else if (current) {
    if (!certainly_not_executed(status) || config_.frames_may_repeat) call.maybe_executed = true;
    if (status == wire::NOT_LEADER) {
      retry_at(call, hint, now);
    } else {
      retry(call, now);
    }
  }
  send_due(now);
}

void Client::answer_write(Calls::iterator call, Instant now) {
  switch (call->second.last_reply.write().kind()) {
    case wire::WriteOutcome::EXECUTED:
    case wire::WriteOutcome::ABORTED: complete(call, Conclusion::kDone); return;
    case wire::WriteOutcome::SESSION_UNKNOWN:
      session_lost(call);
      if (session_ == 0) open_session(now);
      return;
    default: complete(call, Conclusion::kUnknown); return;
  }
}

void Client::session_opened(std::uint64_t session) {
  session_ = session;
  opening_call_ = 0;
  set_all_timers();
}

// Nobody will open one for this client, so the writes that wait for it end here, with the reason.
void Client::session_refused(Calls::iterator opening) {
  std::vector<Calls::iterator> waiting;
  for (auto call = calls_.begin(); call != calls_.end(); ++call)
    if (call->second.is_write() && call->second.asked.is_none()) waiting.push_back(call);
  for (const Calls::iterator call : waiting) {
    call->second.last_reply = opening->second.last_reply;
    complete(call, call->second.maybe_executed ? Conclusion::kUnknown : Conclusion::kFailed);
  }
  forget(opening);
  opening_call_ = 0;
}

// This attempt did nothing, but an earlier one may have been executed before the session ended.
void Client::session_lost(Calls::iterator call) {
  const bool is_current = call->second.request.write().write().session() == session_;
  complete(call, call->second.maybe_executed ? Conclusion::kUnknown : Conclusion::kFailed);
  if (!is_current) return;
  session_ = 0;
  set_all_timers();
}

void Client::complete(Calls::iterator call, Conclusion conclusion) {
  // A write that was never sent has no answer of its own: what it waited for has the reason.
  Call& ended = call->second;
  const bool was_sent = !ended.asked.is_none() || ended.last_reply.status() != wire::STATUS_NONE || ended.maybe_executed;
  if (ended.is_write() && !was_sent && opening_call_ != 0) ended.last_reply = calls_.at(opening_call_).last_reply;
  completions_.push_back({CallId(call->first), conclusion, std::move(ended.last_reply)});
  forget(call);
}

void Client::forget(Calls::iterator call) {
  const Call& gone = call->second;
  timed_.erase({gone.timed, call->first});
  deadlines_.erase({gone.deadline, call->first});
  if (gone.is_write()) incomplete_.erase(gone.request.write().write().sequence());
  calls_.erase(call);
}

// ---- what the host knows ----------------------------------------------------------------------------------------

void Client::on_unreachable(NodeId node, bool may_have_arrived, Instant now) {
  if (std::ranges::find(config_.nodes, node) == config_.nodes.end()) return;
  unreachable_.insert(node);
  const bool another_is_left = unreachable_.size() < config_.nodes.size();
  if (!another_is_left) unreachable_.clear();
  look_elsewhere(node);
  for (auto next = calls_.begin(); next != calls_.end();) {
    const auto current = next++;
    Call& call = current->second;
    if (call.asked != node) continue;
    call.maybe_executed = call.maybe_executed || may_have_arrived;
    ++call.losses;
    retry(call, now);
    if (call.at && call.losses == kMostLosses) {
      complete(current, conclusion_at_deadline(call));
    } else if (!call.at && another_is_left) {
      call.next_attempt = now;
      set_timer(call);
    }
  }
  send_due(now);
}

// So that the node does not work for nobody.
void Client::withdraw(const Call& call) {
  if (call.asked.is_none() || !call.request.has_query()) return;
  wire::Request request;
  request.mutable_withdraw()->set_call(call.request.call());
  outgoing_.push_back({call.asked, request.SerializeAsString()});
}

void Client::give_up() {
  for (auto next = calls_.begin(); next != calls_.end();) {
    const auto current = next++;
    if (current->first == opening_call_) continue;
    withdraw(current->second);
    complete(current, conclusion_at_deadline(current->second));
  }
}

void Client::add_node(NodeId node) {
  if (std::ranges::find(config_.nodes, node) == config_.nodes.end()) config_.nodes.push_back(node);
}

const wire::Reply* Client::last_reply() const {
  for (const auto& [number, call] : calls_)
    if (call.last_reply.status() != wire::STATUS_NONE) return &call.last_reply;
  return nullptr;
}

// ---- time -----------------------------------------------------------------------------------------------------

Conclusion Client::conclusion_at_deadline(const Call& call) const {
  const bool in_flight = !call.asked.is_none();
  return call.is_write() && (in_flight || call.maybe_executed) ? Conclusion::kUnknown : Conclusion::kFailed;
}

void Client::on_deadline(Instant now) {
  for (const std::uint64_t number : due(now)) {
    const auto current = calls_.find(number);
    Call& call = current->second;
    if (now >= call.deadline) {
      // The calls after it must not wait for a dead node, too, however short their patience is.
      look_elsewhere(call.asked);
      complete(current, conclusion_at_deadline(call));
    } else if (!call.asked.is_none() && now >= call.next_attempt) {
      call.maybe_executed = true;
      retry(call, now);
    }
  }
  send_due(now);
}

Instant Client::deadline() const {
  const auto first = [](const Timers& timers) { return timers.empty() ? kNever : timers.begin()->first; };
  return std::min(first(timed_), first(deadlines_));
}

}  // namespace lockstep::client
