// Rows may be deleted and databases restored: what is known of numbers only goes up, and the row comes back.
#include "hub/totals.h"

#include <algorithm>

#include "base/text.h"

namespace lockstep::hub {
namespace {

// What rows and edges say is any number; above this there is room for all that will ever be decided.
constexpr std::uint64_t kMostNumber = std::uint64_t{1} << 62;
constexpr std::chrono::seconds kTryAgain{1};

bool is_the_row(const std::vector<sql::Value>& values) {
  return !values.empty() && Fields(values).number(0) == 1;
}

}  // namespace

void Totals::learn(std::uint64_t number) {
  if (number <= kMostNumber) last_number_ = std::max(last_number_, number);
}

// Of what an edge has forgotten the floor tells, below which it takes nothing.
void Totals::on_hello(const wire::Hello& hello) {
  learn(hello.newest());
  if (hello.floor() > 0) learn(hello.floor() - 1);
}

void Totals::on_row(const sql::RowChange& change) {
  if (change.table == kInstructions && !change.after.empty()) learn(InstructionRow(change.after).id);
  if (change.table != kTotals) return;
  if (is_the_row(change.before)) is_there_ = false;
  if (!is_the_row(change.after)) return;
  is_there_ = true;
  row_ = TotalsRow(change.after);
  learn(row_.decided);
}

void Totals::act(Instant now, bool leads) {
  if (leads && !is_there_ && now >= again_) make_row(now);
}

// Somebody has deleted it. How many were decided the numbers tell; of outcomes counts what is still there.
void Totals::make_row(Instant now) {
  again_ = now + kTryAgain;
  std::vector<wire::Statement> statements;
  statements.push_back(
      statement(cat("INSERT OR IGNORE INTO hub_totals(id, decided, done, missed, failed, expired, cancelled, "
                    "refused, interrupted) SELECT 1, max(?1, coalesce(max(id), 0)), "
                    "count(*) FILTER (WHERE outcome = 1), count(*) FILTER (WHERE state = 2 OR outcome = 3), ",
                    kCountedOutcomes, " FROM ", kCountedInstructions),
                last_number_));
  surroundings_.database.write(std::move(statements), [](const Written&) {});
}

}  // namespace lockstep::hub
