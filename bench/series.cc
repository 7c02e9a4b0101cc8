// Figures of blocks of readings: points per second packed and unpacked, bytes per point, for signals of
// several characters at about 50 Hz.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "base/prng.h"
#include "storage/series/block.h"

namespace lockstep::series {
namespace {

enum Signal : int { kSteady, kSmooth, kNoisy };

double noise(std::uint64_t bits, double width) {
  return (static_cast<double>(bits >> 11) / static_cast<double>(1ull << 53) - 0.5) * width;
}

// Steady: a set point that hardly changes, at exact times. Smooth: a parabola in hundredths, as a sensor with
// 16 bits shows it, times within 50 us. Noisy: all bits of the fraction are noise, times likewise.
std::vector<Point> signal(int kind, std::size_t count) {
  Stream draws(1, Purpose("bench.series"), static_cast<std::uint64_t>(kind));
  std::vector<Point> points;
  for (std::size_t at = 0; at < count; ++at) {
    const auto x = static_cast<double>(at);
    std::int64_t time = 1'767'323'045'000'000'000 + static_cast<std::int64_t>(at) * 20'000'000;
    if (kind != kSteady) time += static_cast<std::int64_t>(draws.next_below(50'000));
    double value = 293.15 + static_cast<double>(at / 500);
    if (kind == kSmooth)
      value = static_cast<double>(static_cast<std::int64_t>(29315 + x / 3 - x * x / 9000)) / 100;
    if (kind == kNoisy) value = 293.15 + noise(draws.next(), 0.4);
    points.push_back({time, value});
  }
  return points;
}

void report(benchmark::State& state, std::size_t bytes) {
  const auto count = static_cast<double>(state.range(1));
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["bytes_per_point"] = static_cast<double>(bytes) / count;
}

void pack_block(benchmark::State& state) {
  const auto points = signal(static_cast<int>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const Bytes block = pack(points);
    bytes = block.size();
    benchmark::DoNotOptimize(block);
  }
  report(state, bytes);
}

void unpack_block(benchmark::State& state) {
  const auto points = signal(static_cast<int>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  const Bytes block = pack(points);
  for (auto _ : state) {
    const auto found = unpack(block);
    CHECK(found && found->size() == points.size());
    benchmark::DoNotOptimize(found);
  }
  report(state, block.size());
}

void shapes(benchmark::internal::Benchmark* family) {
  family->ArgNames({"signal", "points"})->ArgsProduct({{kSteady, kSmooth, kNoisy}, {40, 1000}});
}
BENCHMARK(pack_block)->Apply(shapes);
BENCHMARK(unpack_block)->Apply(shapes);

}  // namespace
}  // namespace lockstep::series

BENCHMARK_MAIN();
