// What the simulator itself costs: the queue, the network between small actors, and the switch of fibers.
#include <benchmark/benchmark.h>

#include "base/prng.h"
#include "sim/world.h"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

constexpr Purpose kHold{"bench.hold"};

// The hold model: each event schedules one later event, so the queue keeps its size.
class Holder final : public Receiver {
 public:
  explicit Holder(Scheduler& scheduler) : scheduler_(scheduler) {}
  void on_event(std::uint64_t token) override {
    const auto delay = static_cast<std::int64_t>(below(draw(1, kHold, token, count_++), 1'000'000));
    scheduler_.schedule(scheduler_.now() + Duration{delay}, *this, token);
  }

 private:
  Scheduler& scheduler_;
  std::uint64_t count_ = 0;
};

void hold(benchmark::State& state) {
  Scheduler scheduler;
  Holder holder(scheduler);
  for (std::int64_t i = 0; i < state.range(0); ++i) holder.on_event(static_cast<std::uint64_t>(i));
  for (auto _ : state) scheduler.step();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hold)->Arg(100)->Arg(1'000)->Arg(10'000)->Arg(100'000);

// Answers every message with another one of the same size.
class Player final : public env::Actor {
 public:
  Player(const env::Env& environment, std::size_t bytes) : env_(environment), payload_(bytes, 'x') {}
  void start() override {
    if (env_.self.value() % 2 == 0)
      env_.transport.send(NodeId(env_.self.value() - 1), Channel::kRaft, payload_);
  }
  void on_message(NodeId from, Channel channel, BytesView) override {
    env_.transport.send(from, channel, payload_);
  }
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}

 private:
  env::Env env_;
  Bytes payload_;
};

void messages(benchmark::State& state) {
  World world({.seed = 1, .latency = {500us, 2ms}});
  for (std::uint64_t node = 1; node <= 6; ++node) {
    ProcessOptions options;
    options.factory = [&](const env::Env& env) {
      return std::make_unique<Player>(env, static_cast<std::size_t>(state.range(0)));
    };
    world.add_process(NodeId(node), std::move(options));
    world.start(NodeId(node));
  }
  for (auto _ : state) world.step();
  state.SetItemsProcessed(static_cast<std::int64_t>(world.network().delivered()));
}
BENCHMARK(messages)->Arg(40)->Arg(400)->Arg(4'000);

void recorded_events(benchmark::State& state) {
  Recorder recorder;
  std::uint64_t i = 0;
  for (auto _ : state) {
    ++i;
    recorder.record(SimTime{}, NodeId(1), Incarnation(1), {kFrameDelivered, {i, 2, 1}});
  }
  benchmark::DoNotOptimize(recorder.hash());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(recorded_events);

// There and back: two switches.
void fiber_switch(benchmark::State& state) {
  struct Loop {
    Fiber* fiber = nullptr;
    bool stop = false;
  } loop;
  StackPool stacks;
  Fiber fiber(
      stacks,
      [](void* argument) {
        auto& self = *static_cast<Loop*>(argument);
        while (!self.stop) self.fiber->suspend();
      },
      &loop);
  loop.fiber = &fiber;
  for (auto _ : state) fiber.resume();
  loop.stop = true;
  fiber.resume();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(fiber_switch);

// A job that writes for ever: each call is one event, one suspension and one write of a page.
class WriterJob final : public env::Job {
 public:
  explicit WriterJob(env::Disk& disk) : disk_(disk) {}
  void run() override {
    const auto file = disk_.open("file", env::OpenMode::kCreate);
    const Bytes page(4'096, 'x');
    for (std::uint64_t at = 0; file; at = (at + 1) % 1'000) {
      if (!(*file)->write_at(at * page.size(), page)) return;
      if (at % 100 == 0 && !(*file)->sync()) return;
    }
  }
  void done() override {}

 private:
  env::Disk& disk_;
};

class Writer final : public env::Actor {
 public:
  explicit Writer(const env::Env& environment) : env_(environment) {}
  void start() override { env_.lanes.submit(env::LaneId{0}, std::make_unique<WriterJob>(env_.disk)); }
  void on_message(NodeId, Channel, BytesView) override {}
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}

 private:
  env::Env env_;
};

void page_writes(benchmark::State& state) {
  World world({.seed = 1});
  ProcessOptions options;
  options.factory = [](const env::Env& env) { return std::make_unique<Writer>(env); };
  world.add_process(NodeId(1), std::move(options));
  world.start(NodeId(1));
  for (auto _ : state) world.step();
  state.SetItemsProcessed(static_cast<std::int64_t>(world.disk(NodeId(1)).counters().writes));
}
BENCHMARK(page_writes);

}  // namespace
}  // namespace lockstep::sim

BENCHMARK_MAIN();
