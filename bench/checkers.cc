// How long the checkers take on the third-party histories and on synthetic ones, parsed beforehand or not.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/prng.h"
#include "base/text.h"
#include "reports/linearizability/check.h"
#include "tests/reports/shared_data.h"

namespace lockstep::linearizability {
namespace {

using reports::Completion;
using reports::History;

struct Case {
  std::string file;
  std::string text;
  History history;
  ModelOptions model;
};

std::vector<Case> cases_in(std::string_view folder) {
  std::vector<Case> cases;
  for (const reports::KnownVerdict& row : reports::known_verdicts()) {
    if (!row.file.starts_with(folder)) continue;
    std::string text = reports::slurp(reports::shared_data() / row.file);
    auto history = reports::parse_history(row.file, text);
    auto model = parse_model(row.model, row.options);
    CHECK(history && model, row.file);
    cases.push_back({row.file, std::move(text), std::move(*history), std::move(*model)});
  }
  return cases;
}

void run_check(benchmark::State& state, const Case& item) {
  for (auto _ : state) benchmark::DoNotOptimize(check(item.history, item.model));
  state.counters["operations"] = static_cast<double>(item.history.size());
}

void run_parse_and_check(benchmark::State& state, const Case& item) {
  for (auto _ : state) {
    const auto history = reports::parse_history(item.file, item.text);
    benchmark::DoNotOptimize(check(*history, item.model));
  }
}

// One pass over all logs of a folder.
void run_pass(benchmark::State& state, const std::vector<Case>& cases, bool parse) {
  for (auto _ : state) {
    for (const Case& item : cases) {
      if (parse) {
        benchmark::DoNotOptimize(check(*reports::parse_history(item.file, item.text), item.model));
      } else {
        benchmark::DoNotOptimize(check(item.history, item.model));
      }
    }
  }
  state.counters["logs"] = static_cast<double>(cases.size());
}

struct Shape {
  std::uint64_t operations;
  std::uint64_t keys;
  std::uint64_t values;
  std::uint64_t clients;
};

// Clients of an atomic put/get store: each takes effect at one event between its invocation and its return.
Case synthetic(const Shape& shape) {
  struct Client {
    std::size_t operation = 0;
    int stage = 0;  // 0 idle, 1 invoked, 2 took effect
    std::uint64_t key = 0;
    std::optional<std::string> put;
    std::string seen;
  };
  constexpr Purpose kShape{"bench.checkers.synthetic"};
  Stream draws(1, kShape, shape.clients);
  std::vector<Client> clients(shape.clients);
  std::vector<std::string> store(shape.keys);
  Case made{cat("synthetic"), {}, {}, *parse_model("kv-append", {})};
  while (made.history.size() < shape.operations ||
         std::any_of(clients.begin(), clients.end(), [](const Client& client) { return client.stage != 0; })) {
    const std::uint64_t chosen = draws.next_below(shape.clients);
    Client& client = clients[chosen];
    if (client.stage == 0) {
      if (made.history.size() == shape.operations) continue;
      client.key = draws.next_below(shape.keys);
      const bool puts = draws.next_below(2) == 0;
      client.put = puts ? std::optional(cat(draws.next_below(shape.values))) : std::nullopt;
      client.operation = made.history.invoke(static_cast<std::int64_t>(chosen), puts ? "put" : "get",
                                             reports::Value(cat("k", client.key)),
                                             puts ? reports::Value(*client.put) : reports::Value());
    } else if (client.stage == 1) {
      if (client.put) store[client.key] = *client.put;
      client.seen = store[client.key];
    } else {
      made.history.complete(client.operation, Completion::kOk, client.put ? *client.put : client.seen);
    }
    client.stage = (client.stage + 1) % 3;
  }
  return made;
}

void register_all() {
  static std::vector<Case> etcd = cases_in("porcupine-etcd/");
  static std::vector<Case> others;
  for (const char* folder : {"porcupine-kv/", "lin-synth/", "knossos/multi"}) {
    for (Case& item : cases_in(folder)) others.push_back(std::move(item));
  }
  const auto add = [](const std::string& name, auto run) {
    benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMicrosecond);
  };
  add("etcd/one_pass", [](benchmark::State& state) { run_pass(state, etcd, false); });
  add("etcd/one_pass_with_parsing", [](benchmark::State& state) { run_pass(state, etcd, true); });
  for (const Case& item : etcd) add(item.file, [&item](benchmark::State& state) { run_check(state, item); });
  for (const Case& item : others) {
    add(item.file, [&item](benchmark::State& state) { run_check(state, item); });
    add(item.file + "/with_parsing", [&item](benchmark::State& state) { run_parse_and_check(state, item); });
  }
  static const std::vector<std::pair<std::string, Case>> made = [] {
    std::vector<std::pair<std::string, Case>> out;
    out.emplace_back("synthetic/1_key_10_clients_20k", synthetic({20'000, 1, 5, 10}));
    out.emplace_back("synthetic/100_keys_50_clients_100k", synthetic({100'000, 100, 5, 50}));
    out.emplace_back("synthetic/1_key_30_clients_5k", synthetic({5'000, 1, 5, 30}));
    return out;
  }();
  for (const auto& [name, item] : made) add(name, [&item](benchmark::State& state) { run_check(state, item); });
}

}  // namespace
}  // namespace lockstep::linearizability

int main(int argc, char** argv) {
  lockstep::linearizability::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
