// One member for tests: a core, a disk that forgets unfinished writes, a log lane, a state machine.
#pragma once

#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "core/raft/core.h"

namespace lockstep::raft {

// What survives a crash.
struct TestDisk {
  HardState hard_state;
  LogIndex first{1};
  Term previous_term;
  std::vector<Entry> entries;  // from `first`
  LogIndex commit;             // the highest recorded
  std::vector<Entry> machine;  // the state machine is the list of what it executed, from index 1
  LogIndex machine_base;       // what it had executed before `machine`

  LogIndex end() const { return first + entries.size(); }
  LogIndex applied() const { return machine_base + machine.size(); }
  const Entry& at(LogIndex index) const { return entries[index - first]; }
  void write(const Persist& persist);
  void drop_before(LogIndex index);
  Restored restored() const;
};

class Host {
 public:
  explicit Host(Config config, TestDisk disk = {}) : config_(std::move(config)), disk_(std::move(disk)) {}

  // Start and crash. What the lane had not finished is lost, with the messages that waited for it.
  void start(Instant now, std::uint64_t seed);
  void crash();
  bool is_up() const { return core_.has_value(); }

  // One step, and its effects: writes and loads are queued on the lane, messages go to `outbox`, entries to
  // apply wait.
  const Effects& input(Instant now, decltype(Input::what) what);

  // The lane: writes and loads finish one at a time, in order; each is an input.
  bool has_work() const { return !lane_.empty(); }
  const Effects& finish_work(Instant now);

  bool has_to_apply() const { return !to_apply_.empty(); }
  const Effects& apply_all(Instant now);

  const Core& core() const { return *core_; }
  Core& core() { return *core_; }
  const TestDisk& disk() const { return disk_; }
  TestDisk& disk() { return disk_; }
  const Config& config() const { return config_; }
  NodeId id() const { return config_.self; }

  std::vector<Message> outbox;

 private:
  Loaded read(const Load& load) const;
  void release(Ticket durable);

  Config config_;
  TestDisk disk_;
  std::optional<Core> core_;
  Effects effects_;
  std::deque<std::variant<Persist, Load>> lane_;
  std::vector<DelayedSend> delayed_;
  std::vector<Entry> to_apply_;
};

}  // namespace lockstep::raft
