// Two-phase writes at the leader (one group): prepared, durable where the mode asks, paused, probed, decided.
//
// Sans-I/O: the node tells what happened and asks what is to be done. The first decision in the log wins.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace lockstep::service {

struct TransactionOptions {
  Duration pause_before_commit{};                              // between durable and the probe
  Duration durable_timeout = std::chrono::milliseconds(2000);  // then it is aborted
};

class Transactions {
 public:
  explicit Transactions(TransactionOptions options) : options_(options) {}

  // The Prepare entry is committed and applied here; a `strong` one waits for every voter.
  // `pause` none: the one of the options.
  void prepared(LogIndex transaction, bool strong, std::optional<Duration> pause, Instant now);

  struct Due {
    std::vector<LogIndex> durable;  // just reached what its mode asks for
    std::vector<LogIndex> commit;   // durable and its pause is over: go through the probe, then commit
    std::vector<LogIndex> abort;    // not durable everywhere in time
  };
  // `everywhere`: the smallest durable match index of all voters. Each transaction is named once per list.
  Due advance(Instant now, LogIndex everywhere);

  void decided(LogIndex transaction) { open_.erase(transaction); }
  bool contains(LogIndex transaction) const { return open_.contains(transaction); }
  void clear() { open_.clear(); }
  Instant deadline() const;

 private:
  enum class Phase { kWaiting, kPausing, kDeciding };
  struct Open {
    Phase phase = Phase::kWaiting;
    bool strong = false;
    Duration pause{};
    Instant deadline = kNever;
  };

  TransactionOptions options_;
  std::map<LogIndex, Open> open_;
};

}  // namespace lockstep::service
