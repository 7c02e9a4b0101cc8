// Random schedules of the real consensus core on a disk in memory, traced as a replica traces them; with planted bugs.
#pragma once

#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "core/raft/core.h"
#include "tests/scenarios/oracle_court.h"

namespace lockstep::scenarios {

struct PlantedBugs {
  bool sends_before_sync = false;   // votes and acknowledgements do not wait for the disk
  bool loses_synced_tail = false;   // a crash takes entries that were durable
  bool forgets_hard_state = false;  // a crash takes term and vote
  bool diverges = false;            // now and then an entry has another result on one node, and leaves other rows
  bool drops_too_much = false;      // the log prefix goes as soon as it is applied here
};

class RandomRun {
 public:
  RandomRun(std::uint64_t seed, std::uint64_t nodes, PlantedBugs bugs, OracleCourt& court);

  void run(std::uint64_t actions);
  std::uint64_t applied() const { return most_applied_; }
  std::uint64_t elections() const { return elections_; }
  std::uint64_t truncations() const { return truncations_; }
  std::uint64_t crashes() const { return crashes_; }
  std::uint64_t drops() const { return drops_; }

 private:
  struct Disk {
    raft::HardState hard_state;
    LogIndex first{1};
    Term previous_term;
    std::vector<raft::Entry> entries;
    LogIndex commit;
    LogIndex applied;           // by the database
    LogIndex database_durable;  // what of it survives the loss of power
    LogIndex end() const { return first + entries.size(); }
  };
  struct Member {
    NodeId id;
    Disk disk;
    std::optional<raft::Core> core;
    std::deque<std::variant<raft::Persist, raft::Load>> lane;
    std::vector<raft::DelayedSend> delayed;
    std::vector<raft::Entry> to_apply;
    LogIndex traced_commit;
  };

  std::uint64_t pick(std::uint64_t end) { return draws_.next_below(end); }
  void start(Member& member);
  void crash(Member& member);
  void input(Member& member, decltype(raft::Input::what) what);
  void trace(Member& member, const raft::Effects& effects);
  void work(Member& member);
  void write(Disk& disk, const raft::Persist& persist) const;
  void trace_durable(Member& member, const raft::Persist& persist);
  void release(Member& member, raft::Ticket durable);
  void apply(Member& member);
  void drop_prefix(Member& member);
  void deliver();
  void act();

  Stream draws_;
  PlantedBugs bugs_;
  OracleCourt& court_;
  Instant now_{};
  std::vector<Member> members_;
  std::vector<raft::Message> messages_;
  std::uint64_t cut_off_ = 0;  // messages from and to this member are lost; 0: nobody
  std::uint64_t proposed_ = 0;
  std::uint64_t most_applied_ = 0;
  std::uint64_t elections_ = 0;
  std::uint64_t truncations_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t drops_ = 0;
};

}  // namespace lockstep::scenarios
