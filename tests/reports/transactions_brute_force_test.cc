// Random small histories, judged by the checker and by trying every order: both must agree.
//
// The brute force knows nothing of graphs. Serializable: some permutation, executed, gives the answers.
// Snapshot isolation and prefix consistency: some interleaving of beginnings and commits does, each
// transaction reading the state at its beginning. Read committed, read atomic and causal: some commit order
// satisfies Biswas and Enea's axioms.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "base/prng.h"
#include "base/text.h"
#include "reports/transactions/check.h"

namespace lockstep::transactions {
namespace {

using reports::Completion;
using reports::History;
using reports::Outcome;
using reports::Value;

struct MicroOperation {
  bool write = false;
  int key = 0;
  int value = 0;            // written
  std::vector<int> answer;  // a list; or the one value of a register, none for null
};
struct Small {
  int process = 0;
  std::vector<MicroOperation> steps;
};
using SmallHistory = std::vector<Small>;
using State = std::map<int, std::vector<int>>;  // key -> list, or one value

struct Shape {
  bool lists;
  int transactions, processes, keys, steps;
  bool torn = false;  // a read may see an older state than the one before it
};

// A database that is wrong now and then: transactions run one after the other, but some read or write an old
// copy.
SmallHistory random_history(std::uint64_t seed, const Shape& shape) {
  constexpr Purpose kMake{"tests.transactions.brute_force"};
  Stream draws(seed, kMake, 0);
  SmallHistory made;
  std::vector<State> states(1);
  std::map<int, int> next;  // key -> value
  for (int t = 0; t < shape.transactions; ++t) {
    Small small;
    small.process = static_cast<int>(draws.next_below(static_cast<std::uint64_t>(shape.processes)));
    State state = states[draws.next_below(2) == 0 ? draws.next_below(states.size()) : states.size() - 1];
    const std::size_t steps = 1 + draws.next_below(static_cast<std::uint64_t>(shape.steps));
    State newest = states.back();
    for (std::size_t i = 0; i < steps; ++i) {
      MicroOperation step;
      step.key = static_cast<int>(draws.next_below(static_cast<std::uint64_t>(shape.keys)));
      step.write = draws.next_below(2) == 0;
      if (step.write) {
        step.value = ++next[step.key];
        for (State* written : {&state, &newest}) {
          if (!shape.lists) (*written)[step.key].clear();
          (*written)[step.key].push_back(step.value);
        }
      } else {
        const bool old = shape.torn && draws.next_below(3) == 0;
        if (old) {
          State older = states[draws.next_below(states.size())];
          step.answer = older[step.key];
        } else {
          step.answer = state[step.key];
        }
      }
      small.steps.push_back(step);
    }
    states.push_back(newest);
    made.push_back(small);
  }
  return made;
}

Value value_of(const MicroOperation& step, bool lists) {
  if (step.write) return Value::Array{lists ? "append" : "w", step.key, step.value};
  if (!lists) return Value::Array{"r", step.key, step.answer.empty() ? Value() : Value(step.answer[0])};
  Value::Array list;
  for (const int element : step.answer) list.emplace_back(element);
  return Value::Array{"r", step.key, Value(std::move(list))};
}

// Transactions of a process one after the other; in the order of the vector otherwise.
History history_of(const SmallHistory& small, bool lists) {
  History history;
  for (const Small& transaction : small) {
    Value::Array steps;
    for (const MicroOperation& step : transaction.steps) steps.push_back(value_of(step, lists));
    const Value value(std::move(steps));
    history.complete(history.invoke(transaction.process, "txn", {}, value), Completion::kOk, value);
  }
  return history;
}

std::string text_of(const SmallHistory& small, bool lists) { return to_json_lines(history_of(small, lists)); }

// Runs a transaction on `state`; false: an answer differs.
bool execute(const Small& transaction, State& state, bool lists) {
  for (const MicroOperation& step : transaction.steps) {
    if (!step.write && state[step.key] != step.answer) return false;
    if (step.write && !lists) state[step.key].clear();
    if (step.write) state[step.key].push_back(step.value);
  }
  return true;
}

bool any_permutation(std::size_t size, const std::function<bool(const std::vector<int>&)>& accepts) {
  std::vector<int> order(size);
  std::iota(order.begin(), order.end(), 0);
  do {
    if (accepts(order)) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

bool respects_sessions(const SmallHistory& small, const std::vector<int>& order) {
  std::map<int, int> newest;
  for (const int t : order) {
    const int process = small[static_cast<std::size_t>(t)].process;
    if (newest.contains(process) && newest[process] > t) return false;
    newest[process] = t;
  }
  return true;
}

bool serializable(const SmallHistory& small, bool lists, bool sessions) {
  return any_permutation(small.size(), [&](const std::vector<int>& order) {
    if (sessions && !respects_sessions(small, order)) return false;
    State state;
    return std::all_of(order.begin(), order.end(),
                       [&](int t) { return execute(small[static_cast<std::size_t>(t)], state, lists); });
  });
}

// Beginnings and commits in every order. With `conflicts`: of two concurrent writers of a key one must not
// be.
class Interleavings {
 public:
  Interleavings(const SmallHistory& small, bool lists, bool conflicts, bool sessions)
      : small_(small),
        lists_(lists),
        conflicts_(conflicts),
        sessions_(sessions),
        begun_(small.size()),
        done_(small.size()),
        seen_(small.size()) {}
  bool explain() { return go({}, 0); }

 private:
  bool go(const State& state, std::size_t finished) {
    if (finished == small_.size()) return true;
    for (std::size_t t = 0; t < small_.size(); ++t) {
      if (!begun_[t] && may_begin(t)) {
        State snapshot = state;
        if (!execute(small_[t], snapshot, lists_)) continue;
        begun_[t] = true;
        seen_[t] = committed_;
        if (go(state, finished)) return true;
        begun_[t] = false;
      } else if (begun_[t] && !done_[t] && may_commit(t)) {
        State next = state;
        for (const MicroOperation& step : small_[t].steps) {
          if (!step.write) continue;
          if (!lists_) next[step.key].clear();
          next[step.key].push_back(step.value);
        }
        done_[t] = true;
        committed_.insert(t);
        if (go(next, finished + 1)) return true;
        committed_.erase(t);
        done_[t] = false;
      }
    }
    return false;
  }

  bool may_begin(std::size_t t) const {
    for (std::size_t earlier = 0; sessions_ && earlier < t; ++earlier) {
      if (small_[earlier].process == small_[t].process && !done_[earlier]) return false;
    }
    return true;
  }

  bool may_commit(std::size_t t) const {
    if (!conflicts_) return true;
    for (const std::size_t other : committed_) {
      if (!seen_[t].contains(other) && share_a_written_key(small_[t], small_[other])) return false;
    }
    return true;
  }

  static bool share_a_written_key(const Small& a, const Small& b) {
    for (const MicroOperation& x : a.steps) {
      for (const MicroOperation& y : b.steps) {
        if (x.write && y.write && x.key == y.key) return true;
      }
    }
    return false;
  }

  const SmallHistory& small_;
  const bool lists_, conflicts_, sessions_;
  std::vector<bool> begun_, done_;
  std::vector<std::set<std::size_t>> seen_;
  std::set<std::size_t> committed_;
};

// Registers only: Biswas and Enea's axioms over commit orders.
class Axioms {
 public:
  enum class Level { kReadCommitted, kReadAtomic, kCausal };

  Axioms(const SmallHistory& small, bool sessions)
      : small_(small), sessions_(sessions), size_(small.size()), visible_(size_, std::vector<bool>(size_)) {}

  // Read committed says nothing of what a transaction reads of its own writes; the others do.
  bool satisfied(Level level) {
    level_ = level;
    if (!collect_reads()) return false;
    if (!reads_its_own_writes_ && level != Level::kReadCommitted) return false;
    close_causality();
    return any_permutation(size_, [&](const std::vector<int>& order) { return holds(order); });
  }

 private:
  struct Read {
    std::size_t reader;
    int key;
    int writer;                    // -1: the initial state
    std::vector<int> seen_before;  // writers of earlier reads of the reader
  };

  // False: an answer that no commit order explains, because it is not a last write of another transaction.
  bool collect_reads() {
    for (std::size_t t = 0; t < size_; ++t) {
      std::map<int, int> own;
      std::vector<int> before;
      for (const MicroOperation& step : small_[t].steps) {
        if (step.write) {
          own[step.key] = step.value;
          continue;
        }
        if (own.contains(step.key)) {
          reads_its_own_writes_ &= step.answer == std::vector{own[step.key]};
          continue;
        }
        const std::optional<int> writer = step.answer.empty() ? -1 : last_writer(step.key, step.answer[0]);
        if (!writer || *writer == static_cast<int>(t)) return false;
        reads_.push_back({t, step.key, *writer, before});
        if (*writer >= 0) {
          before.push_back(*writer);
          visible_[static_cast<std::size_t>(*writer)][t] = true;
        }
      }
    }
    for (std::size_t a = 0; a < size_; ++a) {
      for (std::size_t b = a + 1; b < size_; ++b) {
        if (sessions_ && small_[a].process == small_[b].process) visible_[a][b] = true;
      }
    }
    base_ = visible_;
    return true;
  }

  std::optional<int> last_writer(int key, int value) const {
    for (std::size_t t = 0; t < size_; ++t) {
      std::optional<int> last;
      for (const MicroOperation& step : small_[t].steps) {
        if (step.write && step.key == key) last = step.value;
      }
      if (last == value) return static_cast<int>(t);
    }
    return std::nullopt;
  }

  void close_causality() {
    if (level_ != Level::kCausal) return;
    for (std::size_t k = 0; k < size_; ++k) {
      for (std::size_t a = 0; a < size_; ++a) {
        for (std::size_t b = 0; b < size_; ++b)
          visible_[a][b] = visible_[a][b] || (visible_[a][k] && visible_[k][b]);
      }
    }
  }

  bool writes(std::size_t t, int key) const {
    return std::any_of(small_[t].steps.begin(), small_[t].steps.end(),
                       [&](const MicroOperation& step) { return step.write && step.key == key; });
  }

  bool holds(const std::vector<int>& order) const {
    std::vector<int> place(size_);
    for (std::size_t i = 0; i < size_; ++i) place[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    for (std::size_t a = 0; a < size_; ++a) {
      for (std::size_t b = 0; b < size_; ++b) {
        if (base_[a][b] && place[a] >= place[b]) return false;
      }
    }
    return std::all_of(reads_.begin(), reads_.end(), [&](const Read& read) {
      for (std::size_t other = 0; other < size_; ++other) {
        if (static_cast<int>(other) == read.writer || other == read.reader || !writes(other, read.key) ||
            !sees(read, other))
          continue;
        if (read.writer < 0 || place[other] > place[static_cast<std::size_t>(read.writer)]) return false;
      }
      return true;
    });
  }

  bool sees(const Read& read, std::size_t other) const {
    if (level_ == Level::kReadCommitted)
      return std::find(read.seen_before.begin(), read.seen_before.end(), static_cast<int>(other)) !=
             read.seen_before.end();
    return visible_[other][read.reader];
  }

  const SmallHistory& small_;
  const bool sessions_;
  const std::size_t size_;
  Level level_ = Level::kReadCommitted;
  bool reads_its_own_writes_ = true;
  std::vector<std::vector<bool>> visible_, base_;
  std::vector<Read> reads_;
};

Outcome outcome(const SmallHistory& small, bool lists, std::string_view model, bool sessions) {
  const std::vector<std::string> options = {sessions ? "order=session" : "order=none"};
  const auto parsed = parse_model(model, options);
  const auto findings = check(history_of(small, lists), *parsed);
  EXPECT_TRUE(findings) << findings.error().message;
  return findings->outcome;
}

Outcome expected(bool holds) { return holds ? Outcome::kHolds : Outcome::kViolated; }

struct Tally {
  int held = 0, violated = 0;
  void count(bool holds) { ++(holds ? held : violated); }
};

TEST(BruteForce, SerializabilityAgrees) {
  for (const bool lists : {true, false}) {
    for (const bool sessions : {true, false}) {
      Tally tally;
      for (std::uint64_t seed = 0; seed < 5000; ++seed) {
        const SmallHistory small = random_history(seed, {lists, 5, 3, 2, 3});
        const bool holds = serializable(small, lists, sessions);
        tally.count(holds);
        ASSERT_EQ(outcome(small, lists, "serializable", sessions), expected(holds)) << "seed " << seed << "\n"
                                                                                    << text_of(small, lists);
      }
      EXPECT_GT(tally.held, 200);
      EXPECT_GT(tally.violated, 200);
    }
  }
}

TEST(BruteForce, SnapshotIsolationAndPrefixConsistencyAgree) {
  for (const bool lists : {true, false}) {
    for (const bool conflicts : {true, false}) {
      // A list that was read with one's own append on an old copy is no prefix of the list that came to be.
      if (lists && !conflicts) continue;
      Tally tally;
      for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        const SmallHistory small = random_history(seed, {lists, 4, 3, 2, 3});
        const bool sessions = !conflicts || seed % 2 == 0;
        const bool holds = Interleavings(small, lists, conflicts, sessions).explain();
        tally.count(holds);
        ASSERT_EQ(outcome(small, lists, conflicts ? "snapshot-isolation" : "prefix", sessions),
                  expected(holds))
            << "seed " << seed << "\n"
            << text_of(small, lists);
      }
      EXPECT_GT(tally.held, 100);
      EXPECT_GT(tally.violated, 100);
    }
  }
}

TEST(BruteForce, WeakLevelsOfRegistersAgree) {
  using Level = Axioms::Level;
  for (const auto& [level, name] :
       {std::pair{Level::kReadCommitted, "read-committed"}, std::pair{Level::kReadAtomic, "read-atomic"},
        std::pair{Level::kCausal, "causal"}}) {
    Tally tally;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
      const SmallHistory small = random_history(seed, {false, 5, 3, 2, 3, true});
      const bool holds = Axioms(small, true).satisfied(level);
      tally.count(holds);
      ASSERT_EQ(outcome(small, false, name, true), expected(holds)) << name << " seed " << seed << "\n"
                                                                    << text_of(small, false);
    }
    EXPECT_GT(tally.held, 100) << name;
    EXPECT_GT(tally.violated, 100) << name;
  }
}

}  // namespace
}  // namespace lockstep::transactions
