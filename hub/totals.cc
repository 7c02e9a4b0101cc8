// Rows may be deleted and databases restored: what is known of numbers only goes up.
#include "hub/totals.h"

#include <algorithm>

namespace lockstep::hub {
namespace {

// What rows and edges say is any number; above this there is room for all that will ever be decided.
constexpr std::uint64_t kMostNumber = std::uint64_t{1} << 62;

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
  if (change.after.empty()) return;
  if (change.table == kInstructions) learn(InstructionRow(change.after).id);
  if (change.table != kTotals) return;
  row_ = TotalsRow(change.after);
  learn(row_.decided);
}

}  // namespace lockstep::hub
