// The checker against a reference that tries every order, on thousands of small random histories.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/prng.h"
#include "base/text.h"
#include "reports/linearizability/check.h"
#include "reports/linearizability/translate.h"
#include "reports/linearizability/written_once.h"

namespace lockstep::linearizability {
namespace {

using reports::Completion;
using reports::History;
using reports::Moment;
using reports::Operation;
using reports::Outcome;
using reports::Value;

// All objects by the JSON text of their key; it shares nothing with the models under test.
using World = std::map<std::string, Value>;

// Set in a world where only the process that took the lock may give it back; no key has this text.
constexpr const char* kOwnerReleases = "owner releases";

Value text_or_empty(const Value& value) { return value.is_null() ? Value("") : value; }

std::optional<World> after_transaction(World world, const Value& parts, bool answered) {
  for (const Value& part : *parts.as_array()) {
    const Value::Array& items = *part.as_array();
    Value& cell = world[to_json(items[1])];
    if (*items[0].as_text() == "write") {
      cell = items[2];
    } else if (answered && cell != items[2]) {
      return std::nullopt;
    }
  }
  return world;
}

std::optional<World> after_lock(World world, const Operation& operation) {
  const bool owner_releases = world.contains(kOwnerReleases);
  Value& holder = world[to_json(operation.key)];
  if (operation.f == "acquire") {
    if (!holder.is_null()) return std::nullopt;
    holder = operation.process;
  } else {
    if (holder.is_null() || (owner_releases && holder != Value(operation.process))) return std::nullopt;
    holder = Value();
  }
  return world;
}

// The world after the operation took effect; none if its answer contradicts that.
std::optional<World> after_effect(World world, const Operation& operation) {
  const bool ok = operation.completion == Completion::kOk;
  if (operation.f == "txn")
    return after_transaction(std::move(world), ok ? operation.result : operation.argument, ok);
  if (operation.f == "acquire" || operation.f == "release") return after_lock(std::move(world), operation);
  Value& cell = world[to_json(operation.key)];
  if (operation.f == "append") {
    cell = Value(*text_or_empty(cell).as_text() + *operation.argument.as_text());
  } else if (operation.f == "put" || operation.f == "write") {
    cell = operation.argument;
  } else if (operation.f == "get") {
    if (ok && text_or_empty(cell) != operation.result) return std::nullopt;
  } else if (operation.f == "read") {
    if (ok && cell != operation.result) return std::nullopt;
  } else if (operation.f == "cas") {
    const Value::Array& pair = *operation.argument.as_array();
    const bool mismatch = operation.completion == Completion::kFail;
    if ((cell == pair[0]) == mismatch) return std::nullopt;
    if (!mismatch) cell = pair[1];
  }
  return world;
}

// An operation that never returned may be left out; if its answer is known all the same, it must fit.
bool required(const Operation& operation) {
  return operation.completion != Completion::kInfo && operation.returned.position != Moment::kNever;
}

bool linearizable(const std::vector<Operation>& left, const World& world) {
  bool done = true;
  for (const Operation& operation : left) done &= !required(operation);
  if (done) return true;
  for (std::size_t i = 0; i < left.size(); ++i) {
    bool may_be_next = true;
    for (const Operation& other : left) {
      if (required(other) && other.returned.position < left[i].invoked.position) may_be_next = false;
    }
    if (!may_be_next) continue;
    const std::optional<World> after = after_effect(world, left[i]);
    if (!after) continue;
    std::vector<Operation> rest = left;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (linearizable(rest, *after)) return true;
  }
  return false;
}

// Failures are dropped, but for compare-and-sets that are observed.
std::vector<Operation> relevant(const History& history, bool observes) {
  std::vector<Operation> out;
  for (const Operation& operation : history.operations()) {
    if (operation.completion != Completion::kFail || (observes && operation.error == "cas-mismatch"))
      out.push_back(operation);
  }
  return out;
}

constexpr Purpose kHistory{"test.reports.history"};

World initial_world(bool owner_releases) {
  World world;
  if (owner_releases) world[kOwnerReleases] = 1;
  return world;
}

struct Kind {
  const char* model;
  bool once = false;            // registers: no value is written twice
  bool owner_releases = false;  // mutex
};

// Random clients of a store that is atomic, until an answer is falsified (half of the histories).
class Clients {
 public:
  Clients(const Kind& kind, std::uint64_t seed)
      : model_(kind.model),
        once_(kind.once),
        draws_(7, kHistory, seed),
        world_(initial_world(kind.owner_releases)) {}

  History run() {
    const bool falsify = draws_.next_chance(500'000);
    while (started_ < kOperations || open_ > 0) {
      Client& client = clients_[draws_.next_below(kClients)];
      if (client.stage == 0) {
        if (started_ < kOperations) start(client);
      } else if (client.stage == 1) {
        take_effect(client);
      } else {
        finish(client, falsify && draws_.next_chance(250'000));
      }
    }
    return std::move(history_);
  }

 private:
  static constexpr std::uint64_t kClients = 4;
  static constexpr std::uint64_t kOperations = 7;

  struct Client {
    int stage = 0;  // 0 idle, 1 invoked, 2 took effect
    std::int64_t process = -1;  // of a lock's client, who acts again; -1: another one comes
    std::size_t operation = 0;
    Completion completion = Completion::kOk;
    Value answer;
  };

  Value small() { return static_cast<std::int64_t>(draws_.next_below(3)); }
  // Of a write.
  Value fresh() { return once_ ? Value(next_value_++) : small(); }
  // Of a falsified answer, or what a compare-and-set hopes for.
  Value known() {
    return once_ ? Value(static_cast<std::int64_t>(draws_.next_below(static_cast<std::uint64_t>(next_value_)))) : small();
  }
  Value letter() { return Value(std::string(1, static_cast<char>('a' + draws_.next_below(2)))); }

  Value transaction() {
    Value::Array parts;
    const std::uint64_t count = 1 + draws_.next_below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool writes = draws_.next_chance(500'000);
      const Value key = draws_.next_chance(500'000) ? "x" : "y";
      const Value value = writes ? small() : Value();
      parts.push_back(Value::Array{writes ? "write" : "read", key, value});
    }
    return parts;
  }

  void start(Client& client) {
    const std::uint64_t kind = draws_.next_below(model_ == "register" ? 2 : 3);
    std::string f;
    Value argument;
    Value key;
    if (model_ == "multi-register") {
      f = "txn";
      argument = transaction();
    } else if (model_ == "mutex") {
      f = kind == 0 ? "release" : "acquire";
    } else if (model_ == "kv-append") {
      f = kind == 0 ? "get" : kind == 1 ? "append" : "put";
      if (kind != 0) argument = letter();
      key = draws_.next_chance(700'000) ? "k" : "l";
    } else {
      f = kind == 0 ? "read" : kind == 1 ? "write" : "cas";
      if (kind == 1) argument = fresh();
      if (kind == 2) {
        const Value from = known();
        const Value to = fresh();
        argument = Value::Array{from, to};
      }
    }
    if (client.process < 0 || model_ != "mutex") client.process = next_process_++;
    client.operation = history_.invoke(client.process, std::move(f), std::move(key), std::move(argument));
    client.stage = 1;
    ++started_;
    ++open_;
  }

  void take_effect(Client& client) {
    const Operation& operation = history_[client.operation];
    client.stage = 2;
    client.completion = Completion::kOk;
    client.answer = operation.argument;
    if (operation.f == "txn") {
      client.answer = answered(operation.argument);
      return;
    }
    if (model_ == "mutex") {
      auto after = after_lock(world_, operation);
      client.completion = after ? Completion::kOk : Completion::kFail;
      if (after) world_ = std::move(*after);
      return;
    }
    Value& cell = world_[to_json(operation.key)];
    if (operation.f == "read") client.answer = cell;
    if (operation.f == "get") client.answer = text_or_empty(cell);
    if (operation.f == "cas" && cell != (*operation.argument.as_array())[0]) {
      client.completion = Completion::kFail;
      return;
    }
    Operation effect = operation;
    effect.completion = Completion::kInfo;
    world_ = after_effect(std::move(world_), effect).value();
  }

  Value answered(const Value& argument) {
    Value::Array parts;
    for (const Value& part : *argument.as_array()) {
      Value::Array items = *part.as_array();
      Value& cell = world_[to_json(items[1])];
      if (*items[0].as_text() == "write") {
        cell = items[2];
      } else {
        items[2] = cell;
      }
      parts.push_back(std::move(items));
    }
    return parts;
  }

  void finish(Client& client, bool falsify) {
    const Operation& operation = history_[client.operation];
    if (draws_.next_chance(150'000)) {
      history_.complete(client.operation, Completion::kInfo, operation.argument, -1, "timed-out");
      client.process = -1;
    } else if (model_ == "mutex" && falsify) {
      history_.complete(client.operation, Completion::kOk, {});
    } else if (client.completion == Completion::kFail) {
      history_.complete(client.operation, Completion::kFail, operation.argument, -1, "cas-mismatch");
    } else {
      if (falsify && operation.f == "read") client.answer = known();
      if (falsify && operation.f == "get") client.answer = letter();
      if (falsify && operation.f == "txn") client.answer = falsified(client.answer);
      history_.complete(client.operation, Completion::kOk, client.answer);
    }
    client.stage = 0;
    --open_;
  }

  Value falsified(const Value& answer) {
    Value::Array parts = *answer.as_array();
    for (Value& part : parts) {
      Value::Array items = *part.as_array();
      if (*items[0].as_text() == "read") items[2] = small();
      part = std::move(items);
    }
    return parts;
  }

  std::string_view model_;
  bool once_;
  std::int64_t next_value_ = 1;
  Stream draws_;
  History history_;
  World world_;
  Client clients_[kClients];
  std::uint64_t started_ = 0, open_ = 0;
  std::int64_t next_process_ = 0;
};

// The operations of one key, as they were known when `blocked` returned.
std::vector<Operation> known_at(const std::vector<Operation>& operations, const Operation& blocked) {
  std::vector<Operation> known;
  for (Operation operation : operations) {
    if (operation.key != blocked.key || operation.invoked.position > blocked.returned.position) continue;
    if (operation.returned.position > blocked.returned.position) operation.returned.position = Moment::kNever;
    known.push_back(operation);
  }
  return known;
}

// The counter-example is a violation of its own, and everything that returned before it can be explained.
void expect_good_explanation(const History& history, const std::vector<Operation>& operations,
                             const World& initial, const Findings::Blocked& found) {
  const Operation& blocked = history[found.operation];
  std::vector<Operation> minimal;
  for (const std::uint32_t number : found.minimal) minimal.push_back(history[number]);
  EXPECT_FALSE(linearizable(known_at(minimal, blocked), initial));
  std::vector<Operation> prefix = known_at(operations, blocked);
  for (Operation& operation : prefix) {
    if (operation.invoked.position == blocked.invoked.position) operation.returned.position = Moment::kNever;
  }
  EXPECT_TRUE(linearizable(prefix, initial));
}

class AgainstBruteForce : public testing::TestWithParam<Kind> {};

TEST_P(AgainstBruteForce, EveryVerdictIsTheSame) {
  std::vector<std::string> options;
  const Kind& kind = GetParam();
  const World initial = initial_world(kind.owner_releases);
  const bool observes = std::string_view(kind.model) == "cas-register" && !kind.once;
  if (observes) options.push_back("fail-cas=observe");
  if (kind.owner_releases) options.push_back("owner=process");
  const auto model = parse_model(kind.model, options);
  ASSERT_TRUE(model);
  std::uint64_t valid = 0, invalid = 0, unknown_operations = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const History history = Clients(kind, seed).run();
    const std::vector<Operation> operations = relevant(history, observes);
    for (const Operation& operation : operations)
      unknown_operations += operation.completion == Completion::kInfo;
    const bool expected = linearizable(operations, initial);
    const auto findings = check(history, *model);
    ASSERT_TRUE(findings) << findings.error().message;
    ASSERT_EQ(findings->outcome, expected ? Outcome::kHolds : Outcome::kViolated) << "seed " << seed << "\n"
                                                                                  << to_json_lines(history);
    ++(expected ? valid : invalid);
    if (expected) continue;
    expect_good_explanation(history, operations, initial, *findings->blocked);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << to_json_lines(history);
  }
  // A generator that makes only one kind would prove little.
  EXPECT_GT(valid, 500u);
  EXPECT_GT(invalid, 300u);
  EXPECT_GT(unknown_operations, 500u);
}

INSTANTIATE_TEST_SUITE_P(Models, AgainstBruteForce,
                         testing::Values(Kind{"register"}, Kind{"cas-register"}, Kind{"kv-append"},
                                         Kind{"multi-register"}, Kind{"register", true},
                                         Kind{"cas-register", true}, Kind{"mutex"},
                                         Kind{"mutex", false, true}),
                         [](const auto& kind) {
                           std::string name = kind.param.model;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           if (kind.param.owner_releases) name += "_released_by_its_owner";
                           return kind.param.once ? name + "_written_once" : name;
                         });

TEST(WrittenOnce, ThereIsAnOrderByValuesOrAConflictThatIsOneByItself) {
  const auto model = parse_model("cas-register", {});
  std::uint64_t orders = 0, conflicts = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const History history = Clients({"cas-register", true}, seed).run();
    const auto problem = translate_registers(history, *model);
    ASSERT_TRUE(problem);
    for (const Object& object : problem->objects) {
      const auto forced = order_by_values(object.calls, problem->initial);
      ASSERT_TRUE(forced);
      std::vector<Operation> all, alone;
      for (const Call& call : object.calls) all.push_back(history[call.operation]);
      for (const std::uint32_t call : forced->conflict) alone.push_back(history[object.calls[call].operation]);
      ASSERT_EQ(linearizable(all, {}), forced->conflict.empty()) << to_json_lines(history);
      ASSERT_FALSE(!alone.empty() && linearizable(alone, {})) << to_json_lines(history);
      ++(alone.empty() ? orders : conflicts);
    }
  }
  EXPECT_GT(orders, 500u);
  EXPECT_GT(conflicts, 300u);
}

}  // namespace
}  // namespace lockstep::linearizability
