// Phases of a two-phase write.
#include "core/service/transactions.h"

#include <algorithm>

namespace lockstep::service {

void Transactions::prepared(LogIndex transaction, bool strong, std::optional<Duration> pause, Instant now) {
  open_[transaction] = {.phase = Phase::kWaiting,
                        .strong = strong,
                        .pause = pause.value_or(options_.pause_before_commit),
                        .deadline = now + options_.durable_timeout};
}

Transactions::Due Transactions::advance(Instant now, LogIndex everywhere) {
  Due due;
  for (auto& [transaction, open] : open_) {
    if (open.phase == Phase::kWaiting) {
      // Being applied, the Prepare is committed: a majority has it durable.
      if (!open.strong || everywhere >= transaction) {
        open.phase = Phase::kPausing;
        open.deadline = now + open.pause;
        due.durable.push_back(transaction);
      } else if (now >= open.deadline) {
        open.phase = Phase::kDeciding;
        due.abort.push_back(transaction);
      }
    }
    if (open.phase == Phase::kPausing && now >= open.deadline) {
      open.phase = Phase::kDeciding;
      due.commit.push_back(transaction);
    }
  }
  return due;
}

Instant Transactions::deadline() const {
  Instant earliest = kNever;
  for (const auto& [transaction, open] : open_)
    if (open.phase != Phase::kDeciding) earliest = std::min(earliest, open.deadline);
  return earliest;
}

}  // namespace lockstep::service
