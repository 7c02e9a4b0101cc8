// What one entry costs in Machine::apply: an INSERT with a random-key index, in batches of several sizes.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "base/check.h"
#include "base/prng.h"
#include "sim/disk_image.h"
#include "storage/sql/database.h"

namespace lockstep::sql {
namespace {

constexpr Purpose kKey{"bench.key"};

class NoParticipant final : public Participant {
 public:
  void reset() override {}
  void row(std::uint32_t, BytesView, BytesView) override {}
  void flush(StateWriter&) override {}
};

class Bench {
 public:
  Bench() {
    initialise_sqlite(1);
    database_ = Database::create(disk_, {});
    auto opened = database_->open_machine(none_);
    CHECK(opened);
    machine_ = std::move(*opened);
    apply({{{"CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, a TEXT, b REAL)", {}}}});
    apply({{{"CREATE INDEX tk ON t(k)", {}}}});
  }

  // Each element is the batch of one entry.
  void apply(const std::vector<std::vector<Statement>>& batches) {
    stamps_.clear();
    for (std::size_t i = 0; i < batches.size(); ++i) {
      ++index_;
      stamps_.push_back({LogIndex(index_), static_cast<std::int64_t>(index_) * 1'000'000, index_});
    }
    const auto report = machine_->apply(stamps_, [&](std::size_t position, EntryScope& scope) {
      const BatchResult result = scope.execute(batches[position], {});
      CHECK(result.outcome == Outcome::kOk, result.message);
    });
    CHECK(report);
    CHECK(machine_->checkpoint_if_due());
  }
  std::uint64_t next_key() { return draw(1, kKey, 0, ++keys_); }

 private:
  sim::DiskImage disk_{1};
  NoParticipant none_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Machine> machine_;
  std::vector<EntryStamp> stamps_;
  std::uint64_t index_ = 0;
  std::uint64_t keys_ = 0;
};

void apply_inserts(benchmark::State& state) {
  Bench bench;
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::vector<Statement>> batches(size);
  for (auto& batch : batches)
    batch.push_back({"INSERT INTO t(k, a, b) VALUES(?1, ?2, ?3)", {std::int64_t{0}, std::string("some text"), 1.5}});
  for (auto _ : state) {
    for (auto& batch : batches) batch[0].parameters[0] = static_cast<std::int64_t>(bench.next_key());
    bench.apply(batches);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(apply_inserts)->Arg(1)->Arg(16)->Arg(64)->Arg(256);

void apply_updates(benchmark::State& state) {
  Bench bench;
  for (int i = 0; i < 1000; ++i) bench.apply({{{"INSERT INTO t(k, a, b) VALUES(?1, 'x', 0)", {std::int64_t{i}}}}});
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::vector<Statement>> batches(size);
  for (auto& batch : batches) batch.push_back({"UPDATE t SET b = b + 1 WHERE id = ?1", {std::int64_t{0}}});
  for (auto _ : state) {
    for (auto& batch : batches) batch[0].parameters[0] = static_cast<std::int64_t>(1 + bench.next_key() % 1000);
    bench.apply(batches);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(apply_updates)->Arg(1)->Arg(16)->Arg(64)->Arg(256);

}  // namespace
}  // namespace lockstep::sql

BENCHMARK_MAIN();
