// Thresholds of the batcher.
#include "core/service/batcher.h"

#include <utility>

namespace lockstep::service {

void Batcher::add(raft::Propose::One proposal, Instant now) {
  if (waiting_.empty()) oldest_ = now;
  bytes_ += proposal.data.size();
  waiting_.push_back(std::move(proposal));
}

std::vector<raft::Propose::One> Batcher::take_if_due(Instant now, bool log_idle) {
  if (waiting_.empty()) return {};
  const bool full = waiting_.size() >= limits_.max_entries || bytes_ >= limits_.max_bytes;
  if (!full && !log_idle && now < deadline()) return {};
  return take_all();
}

std::vector<raft::Propose::One> Batcher::take_all() {
  bytes_ = 0;
  return std::exchange(waiting_, {});
}

Instant Batcher::deadline() const { return waiting_.empty() ? kNever : oldest_ + limits_.max_delay; }

}  // namespace lockstep::service
