// Random exploration of small clusters: loss, duplication, reordering, partitions, crashes; an omniscient checker.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/check.h"
#include "base/prng.h"
#include "core/raft/text.h"
#include "tests/raft/host.h"

namespace lockstep::raft {
namespace {

constexpr Purpose kExplore{"test.raft.explore"};

// Sees all nodes at once and remembers everything that was ever true. Raft Figure 3.
class Omniscience {
 public:
  void see(const Host& host) {
    const View view = host.core().view();
    if (view.role == Role::kLeader) {
      const auto [known, is_new] = leaders_.try_emplace(view.term, host.id());
      ASSERT_EQ(known->second, host.id()) << "election safety, term " << view.term.value();
    }
    see_committed(host, view);
  }

  void see_durable(const Host& host) {
    for (const Entry& entry : host.disk().entries) {
      const Term before = entry.index == host.disk().first ? host.disk().previous_term
                                                           : host.disk().at(entry.index.prev()).term;
      const auto [known, is_new] = entries_.try_emplace({entry.index, entry.term}, Known{entry, before});
      ASSERT_TRUE(known->second.entry == entry && known->second.previous_term == before)
          << "log matching at " << to_text(entry) << " and " << to_text(known->second.entry);
    }
  }

  // Of a leader at the moment it is elected.
  void see_elected(const Host& host) {
    for (const auto& [index, term] : committed_) {
      if (index < host.core().view().first) continue;
      const auto held = logs_.at(host.id()).find(index);
      ASSERT_TRUE(held != logs_.at(host.id()).end() && held->second == term)
          << "leader completeness: node " << host.id().value() << " lacks " << index.value();
    }
  }

  // The log in memory, as told by the effects.
  void see_persist(NodeId node, const Persist& persist) {
    auto& log = logs_[node];
    if (persist.truncate_from) log.erase(log.lower_bound(*persist.truncate_from), log.end());
    for (const Entry& entry : persist.entries) log[entry.index] = entry.term;
  }
  void see_restart(const Host& host) {
    auto& log = logs_[host.id()];
    log.clear();
    for (const Entry& entry : host.disk().entries) log[entry.index] = entry.term;
  }

  void see_applied(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      const auto [known, is_new] = applied_.try_emplace(entry.index, entry);
      ASSERT_TRUE(known->second == entry)
          << "state machine safety: " << to_text(entry) << " and " << to_text(known->second);
    }
  }

  void ask_read(ReadId id) { reads_[id] = highest_; }
  void answer_read(const ReadReady& ready) {
    ASSERT_GE(ready.index, reads_.at(ready.id)) << "stale read " << ready.id.value();
    ++reads_answered_;
  }

  LogIndex highest_committed() const { return highest_; }
  std::size_t reads_answered() const { return reads_answered_; }

 private:
  struct Known {
    Entry entry;
    Term previous_term;
  };

  void see_committed(const Host& host, const View& view) {
    if (view.fenced) return;
    const auto& log = logs_[host.id()];
    for (LogIndex index = std::max(seen_commit_[host.id()].next(), view.first); index <= view.commit;
         index = index.next()) {
      const Term term = log.at(index);
      const auto [known, is_new] = committed_.try_emplace(index, term);
      ASSERT_EQ(known->second, term) << "committed twice at " << index.value();
    }
    seen_commit_[host.id()] = std::max(seen_commit_[host.id()], view.commit);
    highest_ = std::max(highest_, view.commit);
  }

  std::map<Term, NodeId> leaders_;
  std::map<std::pair<LogIndex, Term>, Known> entries_;
  std::map<NodeId, std::map<LogIndex, Term>> logs_;
  std::map<LogIndex, Term> committed_;
  std::map<NodeId, LogIndex> seen_commit_;
  std::map<LogIndex, Entry> applied_;
  std::map<ReadId, LogIndex> reads_;
  LogIndex highest_;
  std::size_t reads_answered_ = 0;
};

struct InFlight {
  Instant due;
  std::uint64_t number;
  Message message;
};

class World {
 public:
  World(std::uint64_t seed, std::size_t size) : draws_(seed, kExplore, size), seed_(seed) {
    std::vector<NodeId> voters;
    for (std::size_t at = 1; at <= size; ++at) voters.push_back(NodeId(at));
    // Tight limits, so that windows fill, entries are loaded and hand-out waits.
    for (const NodeId voter : voters)
      hosts_.emplace_back(Config{.self = voter,
                                 .voters = voters,
                                 .max_append_bytes = 120,
                                 .max_inflight_appends = 3,
                                 .max_uncommitted_bytes = 2000,
                                 .max_tail_bytes = draws_.next_chance(500'000) ? 100u : 100'000u,
                                 .max_unapplied_bytes = 200});
    is_lossy_ = draws_.next_chance(700'000);
    crashes_ = draws_.next_chance(600'000);
    partitions_ = draws_.next_chance(500'000);
    slow_disk_ = draws_.next_chance(300'000);
    for (Host& host : hosts_) start(host);
  }

  void run(std::size_t steps) {
    for (std::size_t at = 0; at < steps && !::testing::Test::HasFatalFailure(); ++at) random_action();
  }

  // All faults end: a leader must commit something new, and everybody must apply it.
  void heal_and_converge() {
    is_lossy_ = crashes_ = partitions_ = slow_disk_ = false;
    cut_.clear();
    for (Host& host : hosts_)
      if (!host.is_up()) start(host);
    const LogIndex goal = omniscience_.highest_committed().next();
    for (int at = 0; at < 40'000 && !::testing::Test::HasFatalFailure(); ++at) {
      if (at % 200 == 0) propose();
      if (std::all_of(hosts_.begin(), hosts_.end(), [&](const Host& host) { return host.disk().applied() >= goal; }))
        return;
      next_event();
    }
    for (const Host& host : hosts_) ADD_FAILURE() << to_text(host.core().view());
    FAIL() << "no convergence to " << goal.value();
  }

  const Omniscience& omniscience() const { return omniscience_; }

 private:
  void random_action() {
    const std::uint64_t kind = draws_.next_below(1000);
    if (kind < 40) return propose();
    if (kind < 80) return read();
    if (kind < 88 && crashes_) return crash_or_start();
    if (kind < 93 && partitions_) return cut_or_heal();
    if (kind < 94) return step_down();
    if (kind < 100) return drop_prefix();
    next_event();
  }

  Host& any() { return hosts_[draws_.next_below(hosts_.size())]; }

  // One who believes to lead, preferably; there may be several.
  Host& any_leader() {
    Host& chosen = any();
    for (std::size_t at = 0; at < hosts_.size(); ++at) {
      Host& host = hosts_[(chosen.id().value() - 1 + at) % hosts_.size()];
      if (host.is_up() && host.core().view().role == Role::kLeader) return host;
    }
    return chosen;
  }
  Host& any_or_leader() { return draws_.next_chance(500'000) ? any_leader() : any(); }

  void propose() {
    for (Host& host : hosts_) {
      if (!host.is_up() || host.core().view().role != Role::kLeader) continue;
      Propose propose;
      const std::uint64_t count = 1 + draws_.next_below(4);
      for (std::uint64_t at = 0; at < count; ++at)
        propose.proposals.push_back(
            {ProposalId(++names_), EntryKind::kCommand, SharedBytes(Bytes(draws_.next_below(60), 'x') + cat(names_))});
      input(host, propose);
    }
  }

  void read() {
    Host& host = any_or_leader();
    if (!host.is_up()) return;
    omniscience_.ask_read(ReadId(++names_));
    input(host, ReadRequest{ReadId(names_)});
  }

  void crash_or_start() {
    Host& host = any_or_leader();
    if (!host.is_up()) return start(host);
    host.crash();
    // The state machine may have lost what it did not sync, but nothing that the log no longer has.
    auto& disk = host.disk();
    const std::uint64_t keep = disk.first.prev().value();
    const std::uint64_t have = disk.machine.size();
    if (have > keep) disk.machine.resize(keep + draws_.next_below(have - keep + 1));
  }

  void start(Host& host) {
    host.start(now_, draws_.next());
    omniscience_.see_restart(host);
    input(host, DeadlineReached{});
  }

  void cut_or_heal() {
    if (!cut_.empty() && draws_.next_chance(500'000)) return cut_.clear();
    // Random sides, or a leader alone: the others elect, and for a while there are two.
    const bool isolates_leader = draws_.next_chance(500'000);
    const std::uint64_t sides = isolates_leader ? std::uint64_t{1} << any_leader().id().value() : draws_.next();
    const bool one_way = draws_.next_chance(300'000);
    cut_.clear();
    for (const Host& from : hosts_)
      for (const Host& to : hosts_) {
        const bool from_left = (sides >> from.id().value()) & 1;
        const bool to_left = (sides >> to.id().value()) & 1;
        if (from_left != to_left && (from_left || !one_way)) cut_.push_back({from.id(), to.id()});
      }
  }

  void step_down() {
    Host& host = any();
    if (host.is_up()) input(host, StepDown{});
  }

  void drop_prefix() {
    Host& host = any();
    if (!host.is_up() || host.has_work()) return;
    const View view = host.core().view();
    const LogIndex first = std::min(view.everywhere, host.disk().applied()).next();
    if (first <= host.disk().first || first > host.disk().end() || view.applied.next() < first) return;
    host.disk().drop_before(first);
    input(host, PrefixDropped{first, host.disk().previous_term});
  }

  // The earliest of: a message that is due, a deadline; lanes and appliers work at random speed.
  void next_event() {
    Host& host = any();
    if (host.is_up() && host.has_to_apply() && draws_.next_chance(500'000)) {
      return observe(host, host.apply_all(now_));
    }
    if (host.is_up() && host.has_work() && draws_.next_chance(slow_disk_ ? 100'000 : 600'000))
      return observe_work(host);
    const Instant deadline = earliest_deadline();
    if (!network_.empty() && network_.begin()->first.first <= deadline) return deliver_next();
    now_ = std::max(now_, deadline);
    for (Host& due : hosts_)
      if (due.is_up() && due.core().deadline() <= now_) return input(due, DeadlineReached{});
  }

  Instant earliest_deadline() const {
    Instant earliest = now_ + std::chrono::milliseconds(10);
    for (const Host& host : hosts_)
      if (host.is_up()) earliest = std::min(earliest, host.core().deadline());
    return earliest;
  }

  void deliver_next() {
    const auto first = network_.begin();
    now_ = std::max(now_, first->first.first);
    const Message message = std::move(first->second);
    network_.erase(first);
    const bool is_cut = std::find(cut_.begin(), cut_.end(), std::pair(message.from, message.to)) != cut_.end();
    Host& to = hosts_[message.to.value() - 1];
    if (!is_cut && to.is_up()) input(to, message);
  }

  void input(Host& host, decltype(Input::what) what) { observe(host, host.input(now_, std::move(what))); }

  void observe_work(Host& host) {
    observe(host, host.finish_work(now_));
    omniscience_.see_durable(host);
  }

  void observe(Host& host, const Effects& effects) {
    if (effects.persist) omniscience_.see_persist(host.id(), *effects.persist);
    if (effects.role_changed && effects.role_changed->role == Role::kLeader) omniscience_.see_elected(host);
    omniscience_.see_applied(effects.apply);
    for (const ReadReady& ready : effects.reads_ready) omniscience_.answer_read(ready);
    omniscience_.see(host);
    for (Message& message : host.outbox) post(std::move(message));
    host.outbox.clear();
  }

  void post(Message message) {
    if (is_lossy_ && draws_.next_chance(50'000)) return;
    if (is_lossy_ && draws_.next_chance(50'000)) schedule(message);
    schedule(message);
  }

  void schedule(const Message& message) {
    const bool is_late = is_lossy_ && draws_.next_chance(30'000);
    const Duration delay = std::chrono::microseconds(100 + draws_.next_below(is_late ? 1'000'000 : 5'000));
    network_.emplace(std::pair(now_ + delay, ++sequence_), message);
  }

  Stream draws_;
  std::uint64_t seed_;
  std::vector<Host> hosts_;
  std::map<std::pair<Instant, std::uint64_t>, Message> network_;
  std::vector<std::pair<NodeId, NodeId>> cut_;
  Omniscience omniscience_;
  Instant now_{};
  std::uint64_t names_ = 0;
  std::uint64_t sequence_ = 0;
  bool is_lossy_ = false;
  bool crashes_ = false;
  bool partitions_ = false;
  bool slow_disk_ = false;
};

void explore(std::size_t size, std::uint64_t first_seed, std::uint64_t seeds, std::size_t steps) {
  std::size_t reads = 0;
  std::uint64_t commits = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    World world(seed, size);
    world.run(steps);
    if (!::testing::Test::HasFatalFailure()) world.heal_and_converge();
    if (::testing::Test::HasFatalFailure()) return;
    reads += world.omniscience().reads_answered();
    commits += world.omniscience().highest_committed().value();
  }
  EXPECT_GT(reads, seeds) << "the exploration answers reads";
  EXPECT_GT(commits, seeds * 5) << "the exploration commits entries";
}

std::uint64_t seeds_or(std::uint64_t normally) {
  const char* given = std::getenv("LOCKSTEP_EXPLORE_SEEDS");
  return given ? std::strtoull(given, nullptr, 10) : normally;
}

TEST(Exploration, three_nodes_keep_figure_3_and_recover) { explore(3, 1, seeds_or(2500), 2000); }
TEST(Exploration, five_nodes_keep_figure_3_and_recover) { explore(5, 1, seeds_or(1200), 2500); }
TEST(Exploration, two_nodes_keep_figure_3_and_recover) { explore(2, 1, seeds_or(200), 1000); }
TEST(Exploration, a_single_node_serves_alone) { explore(1, 1, seeds_or(100), 500); }

}  // namespace
}  // namespace lockstep::raft
