// Runs scenarios in processes of their own, several at a time: whatever one of them does ends that process
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenarios/farm/outcome.h"

namespace lockstep::farm {

struct Limits {
  Duration time = std::chrono::minutes(2);  // of one scenario, by the machine's clock
  std::uint64_t memory_bytes = 2ull << 30;  // resident
};

class Workers {
 public:
  struct Options {
    std::string program;                 // understands `arguments`
    std::vector<std::string> arguments;  // as serve.h says: a scenario in, an outcome out
    unsigned jobs = 1;
    Limits limits;
  };
  // One at a time in a process: it waits for its children by signals, which it takes over while it lives.
  // Ctrl-C and SIGTERM end nothing by themselves then; is_interrupted() tells.
  explicit Workers(Options options);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  unsigned jobs() const { return options_.jobs; }
  bool has_room() const;
  bool is_idle() const;
  // Needs room. `ticket` comes back with the outcome.
  Status begin(std::uint64_t ticket, const std::string& input);

  struct Ended {
    std::uint64_t ticket;
    Outcome outcome;
  };
  // Waits until one has ended, the patience is over, or somebody interrupts.
  std::vector<Ended> wait(Duration patience);

  bool is_interrupted() const { return is_interrupted_; }
  void kill_all();

 private:
  struct Worker;
  void enforce_limits();

  Options options_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool is_interrupted_ = false;
  std::unique_ptr<class SignalWait> signals_;
};

}  // namespace lockstep::farm
