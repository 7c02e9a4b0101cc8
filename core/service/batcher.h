// Groups writes of many clients into one proposal step: at once while the log is idle, else by count, bytes and delay.
#pragma once

#include <vector>

#include "base/time.h"
#include "core/raft/types.h"

namespace lockstep::service {

struct BatchLimits {
  std::size_t max_entries = 256;
  std::size_t max_bytes = 1 << 20;
  Duration max_delay = std::chrono::milliseconds(2);
};

// While a sync is in flight a new entry would wait for it anyway, so waiting here costs nothing and the next sync
// then covers the whole group. The delay bounds the wait when a sync is slow.
class Batcher {
 public:
  explicit Batcher(BatchLimits limits) : limits_(limits) {}

  void add(raft::Propose::One proposal, Instant now);
  // What should be proposed now; empty if it is better to wait.
  std::vector<raft::Propose::One> take_if_due(Instant now, bool log_idle);
  // Everything, whether due or not.
  std::vector<raft::Propose::One> take_all();
  Instant deadline() const;

 private:
  BatchLimits limits_;
  std::vector<raft::Propose::One> waiting_;
  std::size_t bytes_ = 0;
  Instant oldest_{};
};

}  // namespace lockstep::service
