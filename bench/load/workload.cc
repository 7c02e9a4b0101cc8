// Statements of a load, with their parameters.
#include "bench/load/workload.h"

#include <chrono>

#include "base/text.h"
#include "bench/load/meter.h"

namespace lockstep::bench {
namespace {

constexpr const char* kInsertRow = "INSERT INTO kv(k,v) VALUES(?1,?2)";
constexpr const char* kUpdateRow = "UPDATE kv SET v=?2 WHERE k=?1";
constexpr const char* kDeleteRow = "DELETE FROM kv WHERE k=?1";
constexpr const char* kDeleteOlder = "DELETE FROM kv WHERE k>100000 AND k<?1";
constexpr const char* kSelectRow = "SELECT v FROM kv WHERE k=?1";
constexpr std::uint64_t kChurnedRows = 10'000;  // that were inserted and are not deleted yet
constexpr std::uint32_t kOk = 1;                // storage/sql/value.h, Outcome

// Faster than any load can count, so that the keys of two runs never meet.
std::uint64_t microseconds_since_epoch() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

}  // namespace

Workload::Workload(Operation operation)
    : operation_(operation),
      random_(microseconds_since_epoch(), Purpose{"bench.workload"}, 0),
      first_new_key_(operation == Operation::kFill ? 1 : microseconds_since_epoch()) {}

void Workload::compose(wire::Request& request) {
  if (writes()) return compose_write(*request.mutable_write()->mutable_write());
  wire::QueryRequest& query = *request.mutable_query();
  query.set_level(operation_ == Operation::kLocal ? wire::LOCAL : wire::LINEARIZABLE);
  set(*query.mutable_statement(), kSelectRow, 1 + random_.next_below(kFilledKeys), false);
}

void Workload::compose_write(wire::Write& write) {
  wire::Statement& statement =
      write.statements_size() == 1 ? *write.mutable_statements(0) : *write.add_statements();
  if (operation_ == Operation::kChurn) return compose_churn(statement);
  set(statement, kInsertRow, first_new_key_ + ordinal_++, true);
}

// Of four operations two are updates, one inserts a row, and one deletes the row that has been there longest. The
// first delete takes what the churn of an earlier run left.
void Workload::compose_churn(wire::Statement& statement) {
  const std::uint64_t turn = ordinal_++;
  if (turn % 4 == 1) return set(statement, kInsertRow, first_new_key_ + turn / 4, true);
  if (turn == 3) return set(statement, kDeleteOlder, first_new_key_, false);
  if (turn % 4 == 3) return set(statement, kDeleteRow, first_new_key_ + turn / 4 - kChurnedRows, false);
  set(statement, kUpdateRow, 1 + random_.next_below(kFilledKeys), true);
}

void Workload::set(wire::Statement& statement, const char* sql, std::uint64_t key, bool with_value) {
  statement.set_sql(sql);
  while (statement.parameters_size() > (with_value ? 2 : 1)) statement.mutable_parameters()->RemoveLast();
  while (statement.parameters_size() < (with_value ? 2 : 1)) statement.add_parameters();
  statement.mutable_parameters(0)->set_integer(static_cast<std::int64_t>(key));
  if (with_value) fill_value(random_, *statement.mutable_parameters(1)->mutable_blob());
}

std::string problem_with(const wire::Reply& reply) {
  if (reply.status() != wire::DONE)
    return cat("answered with ", wire::ReplyStatus_Name(reply.status()), " ", reply.message());
  if (reply.has_write()) {
    const wire::WriteOutcome& outcome = reply.write();
    if (outcome.kind() == wire::WriteOutcome::EXECUTED && outcome.result().outcome() == kOk) return {};
    return cat("a write that was not executed: ", wire::WriteOutcome::Kind_Name(outcome.kind()), " ",
               outcome.result().message());
  }
  if (!reply.has_query()) return "expected a write's outcome or rows";
  const wire::QueryReply& query = reply.query();
  const bool found = query.outcome() == kOk && query.rows().rows_size() == 1 &&
                     query.rows().rows(0).values(0).blob().size() == kValueBytes;
  return found ? std::string() : cat("a read without its row: were the keys filled? ", query.message());
}

}  // namespace lockstep::bench
