// A property of the state machine: what a log does to the database and its sessions does not depend on how
// its entries came together, nor on restarts between them.
#include "core/replica/state_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/prng.h"
#include "sim/disk_image.h"

namespace lockstep::tests {
namespace {

using replica::AppliedCommand;
using replica::StateMachine;

constexpr Purpose kEntry{"test.entry"};
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kStartNs = 1'767'323'045 * kSecondNs;
constexpr std::int64_t kSessionTimeoutNs = 4 * kSecondNs;

// Commands of leaders whose clocks differ by seconds, so that entry times often go back.
class LogMaker {
 public:
  explicit LogMaker(std::uint64_t seed) : draws_(seed, kEntry, 0) {}

  std::vector<raft::Entry> log(std::uint64_t length) {
    std::vector<raft::Entry> entries;
    for (std::uint64_t index = 1; index <= length; ++index) {
      const std::string data = command(index).SerializeAsString();
      entries.push_back({LogIndex(index), Term(1), raft::EntryKind::kCommand, SharedBytes(data)});
    }
    return entries;
  }

 private:
  wire::Command command(std::uint64_t index) {
    wire::Command made;
    made.set_seed(1000 + index);
    made.set_time_ns(kStartNs + static_cast<std::int64_t>(index + draws_.next_below(5)) * kSecondNs);
    if (index == 1) {
      add(*made.mutable_write(), "CREATE TABLE t(what, at DEFAULT CURRENT_TIMESTAMP)");
      return made;
    }
    switch (draws_.next_below(6)) {
      case 0:
        sessions_.push_back(index);
        made.mutable_open_session();
        break;
      case 1: made.mutable_maintain()->set_what(wire::Maintain::VACUUM); break;
      case 2: made.mutable_maintain()->set_what(wire::Maintain::ANALYZE); break;
      default: write(*made.mutable_write()); break;
    }
    return made;
  }
  // Half of them in a session, which may be gone.
  void write(wire::Write& write) {
    add(write, "INSERT INTO t(what) VALUES(random())");
    if (sessions_.empty() || draws_.next_below(2) == 0) return;
    write.set_session(sessions_[draws_.next_below(sessions_.size())]);
    write.set_sequence(++sequence_);
    write.set_first_incomplete(1);
  }
  static void add(wire::Write& write, const std::string& sql) { write.add_statements()->set_sql(sql); }

  Stream draws_;
  std::vector<std::uint64_t> sessions_;
  std::uint64_t sequence_ = 0;
};

struct Grouping {
  std::size_t size;
  bool restart = false;
};

std::vector<AppliedCommand> run(const std::vector<raft::Entry>& log, const Grouping& grouping) {
  sql::initialise_sqlite(grouping.size);
  sim::DiskImage disk{1};
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<StateMachine> machine;
  std::vector<AppliedCommand> applied;
  for (std::size_t first = 0; first < log.size(); first += grouping.size) {
    if (!machine || grouping.restart) {
      machine.reset();
      database = sql::Database::create(disk, {});
      auto opened = StateMachine::open(*database, kSessionTimeoutNs);
      EXPECT_TRUE(opened) << opened.error().message;
      machine = std::move(*opened);
    }
    const std::size_t count = std::min(grouping.size, log.size() - first);
    auto result = machine->apply(std::span(log).subspan(first, count));
    EXPECT_TRUE(result) << result.error().message;
    std::ranges::move(result->commands, std::back_inserter(applied));
  }
  return applied;
}

TEST(StateMachine, TheCompanyOfAnEntryDoesNotMatterWhateverTheClocksOfLeadersSay) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    const std::vector<raft::Entry> log = LogMaker(seed).log(40);
    const auto alone = run(log, {.size = 1});
    for (const Grouping& grouping : {Grouping{.size = 1, .restart = true}, Grouping{.size = 3},
                                     Grouping{.size = 7, .restart = true}, Grouping{.size = 40}}) {
      SCOPED_TRACE(grouping.size);
      const auto grouped = run(log, grouping);
      ASSERT_EQ(grouped.size(), alone.size());
      for (std::size_t at = 0; at < alone.size(); ++at) {
        ASSERT_EQ(grouped[at].digest, alone[at].digest) << "after entry " << at + 1;
        ASSERT_EQ(grouped[at].what, alone[at].what) << "entry " << at + 1;
        ASSERT_EQ(grouped[at].answer, alone[at].answer) << "entry " << at + 1;
      }
    }
  }
}

}  // namespace
}  // namespace lockstep::tests
