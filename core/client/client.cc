// Attempts, replies and what may be concluded from them.
#include "core/client/client.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace lockstep::client {
namespace {

constexpr Purpose kJitter{"client.jitter"};
constexpr Purpose kFirstNode{"client.first_node"};

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
    completions_.push_back({CallId(number), Conclusion::kFailed, {}});
    return CallId(number);
  }
  call.request.set_call(number);
  call.next_attempt = now;
  const bool needs_session = call.is_write();
  calls_.emplace(number, std::move(call));
  if (needs_session && session_ == 0) open_session(now);
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
  calls_.emplace(opening_call_, std::move(call));
}

std::uint64_t Client::sequence(CallId id) const {
  const auto found = calls_.find(id.value());
  return found == calls_.end() ? 0 : found->second.request.write().write().sequence();
}

// ---- attempts -------------------------------------------------------------------------------------------------

void Client::send_due(Instant now) {
  for (auto next = calls_.begin(); next != calls_.end();) {
    const auto current = next++;
    Call& call = current->second;
    if (!call.asked.is_none() || call.next_attempt > now) continue;
    if (call.is_write() && session_ == 0) continue;
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
  call.next_attempt = now + config_.attempt_timeout;
  if (call.is_write()) {
    wire::Write& write = *call.request.mutable_write()->mutable_write();
    write.set_session(session_);
    write.set_first_incomplete(first_incomplete());
  }
  outgoing_.push_back({call.asked, call.request.SerializeAsString()});
}

NodeId Client::target(const Call& call) const {
  if (call.at) return *call.at;
  return leader_.is_none() ? config_.nodes[next_node_] : leader_;
}

// The smallest sequence whose answer this client still needs.
std::uint64_t Client::first_incomplete() const {
  std::uint64_t first = next_sequence_ + 1;
  for (const auto& [number, call] : calls_)
    if (call.is_write()) first = std::min(first, call.request.write().write().sequence());
  return first;
}

void Client::retry(Call& call, Instant now) {
  if (leader_ == call.asked) leader_ = NodeId();
  call.follows_hint = false;
  if (call.asked == config_.nodes[next_node_]) next_node_ = (next_node_ + 1) % config_.nodes.size();
  call.asked = NodeId();
  const auto doubled = config_.backoff_min * (std::int64_t{1} << std::min(call.fruitless, 10u));
  const auto backoff = std::min<Duration>(doubled, config_.backoff_max);
  ++call.fruitless;
  const auto half = static_cast<std::uint64_t>(backoff.count()) / 2;
  call.next_attempt = now + Duration(static_cast<std::int64_t>(half + jitter_.next_below(half + 1)));
}

void Client::retry_at(Call& call, NodeId hint, Instant now) {
  // Not twice in a row: two nodes may take each other for the leader.
  const bool at_once = hint != call.asked && !call.follows_hint;
  retry(call, now);
  const bool known = std::find(config_.nodes.begin(), config_.nodes.end(), hint) != config_.nodes.end();
  if (known) leader_ = hint;
  call.follows_hint = known && at_once;
  if (call.follows_hint) call.next_attempt = now;
}

// ---- replies --------------------------------------------------------------------------------------------------

void Client::on_reply(NodeId from, BytesView payload, Instant now) {
  wire::Reply reply;
  if (!reply.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  const auto found = calls_.find(reply.call());
  if (found == calls_.end()) return;
  Call& call = found->second;
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
      session_opened(call.last_reply.session());
      calls_.erase(found);
    } else {
      complete(found, Conclusion::kDone);
    }
  } else if (status == wire::BAD_REQUEST || status == wire::FORBIDDEN) {
    complete(found, call.maybe_executed ? Conclusion::kUnknown : Conclusion::kFailed);
  } else if (current) {
    if (!certainly_not_executed(status)) call.maybe_executed = true;
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
}

// This attempt did nothing, but an earlier one may have been executed before the session ended.
void Client::session_lost(Calls::iterator call) {
  if (call->second.request.write().write().session() == session_) session_ = 0;
  complete(call, call->second.maybe_executed ? Conclusion::kUnknown : Conclusion::kFailed);
}

void Client::complete(Calls::iterator call, Conclusion conclusion) {
  completions_.push_back({CallId(call->first), conclusion, std::move(call->second.last_reply)});
  calls_.erase(call);
}

// ---- time -----------------------------------------------------------------------------------------------------

Conclusion Client::conclusion_at_deadline(const Call& call) const {
  const bool in_flight = !call.asked.is_none();
  return call.is_write() && (in_flight || call.maybe_executed) ? Conclusion::kUnknown : Conclusion::kFailed;
}

void Client::on_deadline(Instant now) {
  for (auto next = calls_.begin(); next != calls_.end();) {
    const auto current = next++;
    Call& call = current->second;
    if (now >= call.deadline) {
      complete(current, conclusion_at_deadline(call));
    } else if (!call.asked.is_none() && now >= call.next_attempt) {
      call.maybe_executed = true;
      retry(call, now);
    }
  }
  send_due(now);
}

Instant Client::deadline() const {
  Instant earliest = kNever;
  for (const auto& [number, call] : calls_) {
    earliest = std::min(earliest, call.deadline);
    const bool waits_for_session = call.is_write() && session_ == 0 && call.asked.is_none();
    if (!waits_for_session) earliest = std::min(earliest, call.next_attempt);
  }
  return earliest;
}

}  // namespace lockstep::client
