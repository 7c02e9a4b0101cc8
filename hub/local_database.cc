// Requests and what their answers mean.
#include "hub/local_database.h"

#include "base/check.h"
#include "storage/sql/value.h"

namespace lockstep::hub {
namespace {

bool is_ok(std::uint32_t outcome) { return outcome == static_cast<std::uint32_t>(sql::Outcome::kOk); }

}  // namespace

bool Written::ok() const { return done && is_ok(result.outcome()); }
bool Read::ok() const { return done && is_ok(reply.outcome()); }

void LocalDatabase::write(std::vector<wire::Statement> statements, ThenWritten then) {
  wire::Request request;
  wire::Write& write = *request.mutable_write()->mutable_write();
  for (wire::Statement& statement : statements) *write.add_statements() = std::move(statement);
  writes_.emplace(++calls_, std::move(then));
  ask(request);
}

void LocalDatabase::query(wire::Statement statement, wire::ReadLevel level, ThenRead then) {
  wire::Request request;
  *request.mutable_query()->mutable_statement() = std::move(statement);
  request.mutable_query()->set_level(level);
  reads_.emplace(++calls_, std::move(then));
  ask(request);
}

void LocalDatabase::ask(wire::Request& request) {
  request.set_call(calls_);
  ask_(request.SerializeAsString());
}

void LocalDatabase::on_reply(BytesView payload) {
  wire::Reply reply;
  CHECK(reply.ParseFromArray(payload.data(), static_cast<int>(payload.size())), "an answer of our own node");
  if (auto write = writes_.extract(reply.call()); !write.empty()) {
    const bool executed = reply.write().kind() == wire::WriteOutcome::EXECUTED;  // else given up
    const wire::BatchResult& result = reply.write().result();
    if (tell_ && reply.status() == wire::DONE && executed && !is_ok(result.outcome()))
      tell_(result.message());
    write.mapped()(
        {reply.status() == wire::DONE && executed, std::move(*reply.mutable_write()->mutable_result())});
  } else if (auto query = reads_.extract(reply.call()); !query.empty()) {
    if (tell_ && reply.status() == wire::DONE && !is_ok(reply.query().outcome()))
      tell_(reply.query().message());
    query.mapped()({reply.status() == wire::DONE, std::move(*reply.mutable_query())});
  }
}

}  // namespace lockstep::hub
