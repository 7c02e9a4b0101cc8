// How many transactions a second the checker of transactions judges, on made histories of list-append and
// registers.
#include <benchmark/benchmark.h>

#include <memory>

#include "base/check.h"
#include "base/prng.h"
#include "base/text.h"
#include "reports/transactions/check.h"

namespace lockstep::transactions {
namespace {

using reports::Completion;
using reports::History;
using reports::Value;

struct Shape {
  std::uint64_t transactions;
  bool lists = true;
  bool atomic = true;  // a transaction takes effect at once; else step by step, among others
  std::uint64_t clients = 20;
  std::uint64_t keys = 10;            // in use at a time
  std::uint64_t writes_per_key = 32;  // then another key takes its place
  std::uint64_t most_steps = 4;
};

// The shape of Elle's own workload: a few keys at a time, up to four steps, lists of up to 32 elements.
class Generator {
 public:
  explicit Generator(const Shape& shape)
      : shape_(shape), draws_(7, kMake, shape.transactions), clients_(shape.clients) {
    for (std::uint64_t i = 0; i < shape.keys; ++i) active_.push_back(next_key_++);
    store_.resize(next_key_);
    written_.resize(next_key_);
  }

  History run() {
    std::uint64_t started = 0, finished = 0;
    while (finished < shape_.transactions) {
      const std::uint64_t chosen = draws_.next_below(shape_.clients);
      Client& client = clients_[chosen];
      if (!client.busy) {
        if (started == shape_.transactions) continue;
        ++started;
        begin(client, static_cast<std::int64_t>(chosen));
      } else if (client.step < client.asked.size()) {
        do {
          step(client);
        } while (shape_.atomic && client.step < client.asked.size());
      } else {
        history_.complete(client.operation, Completion::kOk, Value(std::move(client.answer)));
        client.busy = false;
        ++finished;
      }
    }
    return std::move(history_);
  }

 private:
  struct Client {
    bool busy = false;
    std::size_t operation = 0, step = 0;
    Value::Array asked, answer;
    std::vector<std::pair<std::uint64_t, std::int64_t>> steps;  // key, value to write or -1
  };

  void begin(Client& client, std::int64_t process) {
    client = {};
    client.busy = true;
    const std::uint64_t count = 1 + draws_.next_below(shape_.most_steps);
    for (std::uint64_t i = 0; i < count; ++i) {
      std::uint64_t& slot = active_[draws_.next_below(active_.size())];
      const std::uint64_t key = slot;
      const bool writes = draws_.next_below(2) == 0;
      const std::int64_t value = writes ? static_cast<std::int64_t>(++written_[key]) : -1;
      client.steps.emplace_back(key, value);
      client.asked.push_back(Value::Array{writes ? (shape_.lists ? "append" : "w") : "r",
                                          static_cast<std::int64_t>(key), writes ? Value(value) : Value()});
      if (written_[key] < shape_.writes_per_key) continue;
      slot = next_key_++;
      store_.resize(next_key_);
      written_.resize(next_key_);
    }
    client.operation = history_.invoke(process, "txn", {}, Value(client.asked));
  }

  void step(Client& client) {
    const auto [key, value] = client.steps[client.step];
    Value micro = client.asked[client.step++];
    Value::Array& kept = store_[key];
    if (value < 0) {
      const Value answer = shape_.lists ? Value(kept) : kept.empty() ? Value() : kept.back();
      micro = Value::Array{"r", static_cast<std::int64_t>(key), answer};
    } else {
      if (!shape_.lists) kept.clear();
      kept.emplace_back(value);
    }
    client.answer.push_back(std::move(micro));
  }

  static constexpr Purpose kMake{"bench.transactions"};
  const Shape shape_;
  Stream draws_;
  std::vector<Client> clients_;
  std::vector<std::uint64_t> active_;
  std::uint64_t next_key_ = 0;
  std::vector<Value::Array> store_;
  std::vector<std::uint64_t> written_;
  History history_;
};

void run_check(benchmark::State& state, const Shape& shape, std::string_view model_name, bool parse) {
  const History made = Generator(shape).run();
  const std::string text = parse ? to_json_lines(made) : std::string();
  const auto model = parse_model(model_name, {});
  Findings last;
  for (auto _ : state) {
    if (parse) {
      const auto read = reports::parse_history("bench", text);
      last = *check(*read, *model);
    } else {
      last = *check(made, *model);
    }
  }
  CHECK((last.outcome == reports::Outcome::kHolds) == shape.atomic,
        verdict(*model, last).evidence.empty() ? "" : verdict(*model, last).evidence[0]);
  state.counters["transactions/s"] = benchmark::Counter(static_cast<double>(shape.transactions),
                                                        benchmark::Counter::kIsIterationInvariantRate);
  state.counters["dependencies"] = static_cast<double>(last.dependencies);
  state.counters["knot"] = last.largest_component;
}

void add(const std::string& name, const Shape& shape, std::string_view model, bool parse = false) {
  benchmark::RegisterBenchmark(name.c_str(), [shape, model, parse](benchmark::State& state) {
    run_check(state, shape, model, parse);
  })->Unit(benchmark::kMillisecond);
}

void register_all() {
  add("append/100k/strict-serializable", {100'000}, "strict-serializable");
  add("append/1m/strict-serializable", {1'000'000}, "strict-serializable");
  add("append/100k/strict-serializable/with_parsing", {100'000}, "strict-serializable", true);
  add("append/100k/strong-session-snapshot-isolation", {100'000}, "strong-session-snapshot-isolation");
  add("append/10k/one_knot/strict-serializable",
      {.transactions = 10'000, .atomic = false, .clients = 2000, .keys = 30, .writes_per_key = 128},
      "strict-serializable");
  add("append/100k/one_knot/strict-serializable",
      {.transactions = 100'000, .atomic = false, .clients = 2000, .keys = 30, .writes_per_key = 128},
      "strict-serializable");
  add("register/100k/causal", {.transactions = 100'000, .lists = false}, "causal");
  add("register/500/serializable", {.transactions = 500, .lists = false}, "serializable");
}

}  // namespace
}  // namespace lockstep::transactions

int main(int argc, char** argv) {
  lockstep::transactions::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
