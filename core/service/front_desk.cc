// Routing and answering; what a request may cost is bounded here.
#include "core/service/front_desk.h"

#include "core/replica/sql_wire.h"
#include "core/service/events.h"

namespace lockstep::service {
namespace {

constexpr std::chrono::milliseconds kLongestPause{60'000};  // that a request may ask for

}  // namespace

// ---- requests -------------------------------------------------------------------------------------------------

void FrontDesk::on_request(NodeId client, BytesView payload) {
  arena_.Reset();
  auto& request = *google::protobuf::Arena::CreateMessage<wire::Request>(&arena_);
  if (!request.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    counters_.began(wire::Request::WHAT_NOT_SET);
    refuse({.client = client, .since = env_.clock.monotonic_now()}, wire::BAD_REQUEST,
           "expected a lockstep.wire.Request, found bytes that do not parse");
    return;
  }
  if (request.has_withdraw()) return executor_.withdraw(client, request.withdraw().call());
  const Caller caller{client, request.call(), request.what_case(), env_.clock.monotonic_now()};
  if (env_.trace.wants(kRequested))
    env_.trace.emit({kRequested,
                     {client.value(), request.call(), static_cast<std::uint64_t>(request.what_case()),
                      static_cast<std::uint64_t>(request.query().level())}});
  if (request.has_maintain() && is_under_way(caller, request.maintain())) return;
  counters_.began(caller.what);
  if (auto refusal = executor_.refusal()) {
    refuse(caller, refusal->status, std::move(refusal->message));
  } else {
    route(caller, request);
  }
}

void FrontDesk::route(const Caller& caller, wire::Request& request) {
  auto& command = *google::protobuf::Arena::CreateMessage<wire::Command>(&arena_);
  wire::Reply answer;
  switch (request.what_case()) {
    case wire::Request::kOpenSession:
      command.mutable_open_session();
      executor_.execute(caller, command, {});
      return;
    case wire::Request::kCloseSession:
      command.mutable_close_session()->set_session(request.close_session().session());
      executor_.execute(caller, command, {});
      return;
    case wire::Request::kWrite: write(caller, *request.mutable_write(), command); return;
    case wire::Request::kQuery:
      executor_.query(caller, replica::from_wire(request.query().statement()), request.query().level(),
                      std::chrono::milliseconds(request.query().timeout_ms()));
      return;
    case wire::Request::kGetVersion:
      answer.set_version(executor_.version(request.get_version().table()));
      reply(caller, answer);
      return;
    case wire::Request::kStatus:
      executor_.describe(*answer.mutable_node_status());
      if (request.status().counters()) counters_.describe(*answer.mutable_node_status()->mutable_requests());
      reply(caller, answer);
      return;
    case wire::Request::kMaintain:
      if (request.maintain().what() == wire::Maintain::NONE) break;
      command.mutable_maintain()->set_what(request.maintain().what());
      maintenance_.insert_or_assign({caller.client, caller.call}, request.maintain().what());
      executor_.execute(caller, command, {});
      return;
    case wire::Request::kWithdraw:
    case wire::Request::WHAT_NOT_SET: break;
  }
  refuse(caller, wire::BAD_REQUEST, "expected a request of a known kind");
}

// It may take longer than one attempt of a client has patience: done once more for each, it would never end. The answer to
// the first attempt is one to all.
bool FrontDesk::is_under_way(const Caller& caller, const wire::MaintainRequest& request) const {
  const auto earlier = maintenance_.find({caller.client, caller.call});
  return earlier != maintenance_.end() && earlier->second == request.what();
}

void FrontDesk::write(const Caller& caller, wire::WriteRequest& request, wire::Command& command) {
  const bool numbered = request.write().sequence() > 0 || replica::is_sessionless(request.write());
  if (request.write().statements_size() == 0 || !numbered) {
    refuse(caller, wire::BAD_REQUEST,
           "expected at least one statement, and a sequence from 1 on unless it is of no session");
  } else if (request.ByteSizeLong() > max_write_bytes_) {
    refuse(caller, wire::BAD_REQUEST, cat("expected a write of at most ", max_write_bytes_, " bytes"));
  } else if (request.pause_before_commit_ms() > kLongestPause.count()) {
    refuse(caller, wire::BAD_REQUEST, cat("expected a pause of at most ", kLongestPause.count(), " ms"));
  } else {
    command.mutable_write()->Swap(request.mutable_write());  // on one arena: by pointers
    WriteTerms terms{.mode = request.mode()};
    if (request.has_pause_before_commit_ms()) {
      terms.pause_before_commit = std::chrono::milliseconds(request.pause_before_commit_ms());
    }
    executor_.execute(caller, command, terms);
  }
}

void FrontDesk::time_is_over(const Caller& caller) {
  refuse(caller, wire::TIMED_OUT,
         "the query was ended: there was no answer in time, and it has had no effect");
}

// ---- answers --------------------------------------------------------------------------------------------------

void FrontDesk::refuse(const Caller& caller, wire::ReplyStatus status, std::string message) {
  wire::Reply answer;
  answer.set_status(status);
  answer.set_message(std::move(message));
  reply(caller, answer);
}

void FrontDesk::answer(const Caller& caller, const replica::AppliedCommand& command) {
  using What = replica::AppliedCommand::What;
  wire::Reply answer;
  switch (command.what) {
    case What::kSessionOpened:
    case What::kSessionClosed: answer.set_session(command.session); break;
    case What::kWrite:
    case What::kPrepared:
    case What::kCommitted:
    case What::kAborted: return reply(caller, answer, command.answer);
    case What::kNothing:
    case What::kMaintained: break;
    case What::kUnreadable: answer.set_status(wire::BAD_REQUEST); break;
  }
  reply(caller, answer);
}

void FrontDesk::answer(const Caller& caller, const sql::QueryResult& result, Duration staleness) {
  wire::Reply answer;
  wire::QueryReply& query = *answer.mutable_query();
  query.set_outcome(static_cast<std::uint32_t>(result.outcome));
  query.set_message(result.message);
  replica::to_wire(result.rows, *query.mutable_rows());
  query.set_applied(result.applied.value());
  query.set_staleness_ns(static_cast<std::uint64_t>(staleness.count()));
  reply(caller, answer);
}

void FrontDesk::reply(const Caller& caller, wire::Reply& answer, BytesView outcome) {
  if (caller.client.is_none()) return;
  answer.set_call(caller.call);
  if (answer.status() == wire::STATUS_NONE) answer.set_status(wire::DONE);
  answer.set_leader(executor_.leader().value());
  counters_.ended(caller.what, answer.status(), env_.clock.monotonic_now() - caller.since);
  if (caller.what == wire::Request::kMaintain) maintenance_.erase({caller.client, caller.call});
  if (env_.trace.wants(kReplied))
    env_.trace.emit({kReplied, {caller.client.value(), caller.call, static_cast<std::uint64_t>(answer.status())}});
  reply_bytes_.clear();
  answer.AppendToString(&reply_bytes_);
  // A field of a message is its tag, its size and its bytes, wherever it stands among the others.
  constexpr std::uint64_t kTag = (wire::Reply::kWriteFieldNumber << 3) | 2;
  if (!outcome.empty()) ByteWriter(reply_bytes_).varint(kTag).sized(outcome);
  env_.transport.send(caller.client, Channel::kReply, reply_bytes_);
}

}  // namespace lockstep::service
