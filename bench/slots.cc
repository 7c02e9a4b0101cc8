// The A/B slots of an edge with a million settings each, on a real disk: the switch, and how long a write
// waits behind a step of clean-up.
//
// The directory is LOCKSTEP_BENCH_DIR or the current one. Keys have 16 bytes, values 32. A lane is one
// thread, so a write that comes when a step has just begun waits for all of it: the worst case is measured
// every time. Times are of the wall; `plain_ms` is the same write with nothing before it, for what the disk
// and the machine do by themselves.
#include "edge/slots.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/hash.h"
#include "net/posix_disk.h"
#include "storage/kv/store.h"

namespace lockstep::edge {
namespace {

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::size_t kChunk = 256 << 10;
constexpr std::size_t kSegmentStep = 64 << 10;

class Directory {
 public:
  Directory() {
    const char* parent = std::getenv("LOCKSTEP_BENCH_DIR");
    path_ = std::filesystem::path(parent ? parent : ".") / "lockstep_bench_slots";
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Bytes package_of(std::uint64_t version) {
  Bytes bytes;
  ByteWriter out(bytes);
  for (std::uint64_t i = 0; i < kKeys; ++i)
    out.sized(cat("recipe/", 100'000'000 + i))
        .sized(cat("set point ", 1'000'000'000'000 + i * version, " of it"));
  return bytes;
}

// A store with two slots, both staged: version 2 in use, version 1 to go back to.
class Machine {
 public:
  Machine() : disk_(directory_.path()) {
    auto store = kv::Store::open(disk_, {.segment_bytes = 8 << 20});
    CHECK(store, store.error().message);
    store_ = std::move(*store);
    for (const std::uint64_t version : {1u, 2u}) {
      fill(version);
      write(slots.switch_over());
      write(slots.confirm());
    }
  }
  void fill(std::uint64_t version) {
    const Bytes bytes = package_of(version);
    wire::Package package;
    package.set_version(version);
    package.set_bytes(bytes.size());
    package.set_hash(hash64(bytes));
    write(slots.receive(package));
    wire::PackageChunk chunk;
    chunk.set_version(version);
    for (std::size_t at = 0; at < bytes.size(); at += kChunk) {
      chunk.set_offset(at);
      chunk.set_data(bytes.substr(at, kChunk));
      auto commit = slots.stage(chunk);
      CHECK(commit, commit.error().message);
      write(*commit);
    }
    auto walked = walk(*store_, {.slot = slots.inactive(), .version = version}, kKeys);
    CHECK(walked && walked->keys == kKeys && walked->hash.value() == package.hash(),
          "a slot does not verify");
    write(slots.staged());
  }
  void write(const Commit& commit) { CHECK(store_->write(commit.changes)); }
  // As a batch of readings is written.
  void write_batch() {
    kv::Batch batch;
    batch.put(1, cat("batch ", ++batches_ % 100), Bytes(1500, 'x'));
    CHECK(store_->write(batch));
  }
  kv::Store& store() { return *store_; }

  Slots slots{SlotContents{}};

 private:
  Directory directory_;
  net::PosixDisk disk_;
  std::unique_ptr<kv::Store> store_;
  std::uint64_t batches_ = 0;
};

class Times {
 public:
  template <class Work>
  double measure(Work work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    all_.push_back(took.count());
    return took.count();
  }
  void report(benchmark::State& state, const std::string& name) {
    if (all_.empty()) return;
    std::sort(all_.begin(), all_.end());
    state.counters[name + "_p50_ms"] = all_[all_.size() / 2];
    state.counters[name + "_p99_ms"] = all_[all_.size() * 99 / 100];
    state.counters[name + "_max_ms"] = all_.back();
  }

 private:
  std::vector<double> all_;
};

void switch_over(benchmark::State& state) {
  Machine machine;
  Times times, plain;
  for (auto _ : state) {
    const double took = times.measure([&] { machine.write(machine.slots.switch_over()); });
    state.SetIterationTime(took / 1000);
    plain.measure([&] { machine.write_batch(); });
  }
  times.report(state, "switch");
  plain.report(state, "plain");
}
BENCHMARK(switch_over)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(1000);

// The whole of a slot with so many keys a step, a write behind each step; then the segments that this leaves.
void clean_up(benchmark::State& state) {
  const auto keys = static_cast<std::size_t>(state.range(0));
  Times erase, segment, plain;
  std::uint64_t steps = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Machine machine;
    machine.write(machine.slots.condemn());
    state.ResumeTiming();
    std::uint64_t erased = 1;
    while (erased > 0) {
      erase.measure([&] {
        const auto found = erase_some(machine.store(), machine.slots.inactive(), keys);
        CHECK(found, found.error().message);
        erased = *found;
        machine.write_batch();
      });
      plain.measure([&] { machine.write_batch(); });
      ++steps;
    }
    machine.write(machine.slots.cleaned(kKeys));
    bool more = true;
    while (more) {
      segment.measure([&] {
        const auto again = machine.store().clean_step(kSegmentStep);
        CHECK(again, again.error().message);
        more = *again;
        machine.write_batch();
      });
      plain.measure([&] { machine.write_batch(); });
      ++steps;
    }
  }
  state.counters["steps"] = static_cast<double>(steps) / static_cast<double>(state.iterations());
  erase.report(state, "erase");
  segment.report(state, "segment");
  plain.report(state, "plain");
}
BENCHMARK(clean_up)
    ->ArgName("keys")
    ->Arg(1000)
    ->Arg(4000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
}  // namespace lockstep::edge

BENCHMARK_MAIN();
