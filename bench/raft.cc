// What one step of consensus costs: a heartbeat with its answer, an append with its acknowledgement, no I/O.
#include <benchmark/benchmark.h>

#include "core/raft/core.h"

namespace lockstep::raft {
namespace {

// Cores that exchange messages directly; writes are done as soon as they are asked for.
class Mesh {
 public:
  explicit Mesh(std::uint64_t size) {
    std::vector<NodeId> voters;
    for (std::uint64_t at = 1; at <= size; ++at) voters.push_back(NodeId(at));
    cores_.reserve(size);
    for (const NodeId voter : voters) cores_.emplace_back(Config{.self = voter, .voters = voters}, Restored{}, now_);
    for (std::uint64_t at = 1; at <= size; ++at) input(at, DeadlineReached{});
    while (cores_[0].view().role != Role::kLeader) {
      now_ = cores_[0].deadline();
      input(1, DeadlineReached{});
    }
  }

  void beat() {
    now_ = cores_[0].deadline();
    input(1, DeadlineReached{});
  }
  void propose(const Propose& propose) { input(1, propose); }
  std::uint64_t messages() const { return messages_; }
  LogIndex commit() const { return cores_[0].view().commit; }

 private:
  // Recursion follows the exchange to its end: request, write, answer, commit. Effects are kept, so that
  // their vectors keep their capacity.
  void input(std::uint64_t node, decltype(Input::what) what) {
    Effects effects;
    if (!spare_.empty()) {
      effects = std::move(spare_.back());
      spare_.pop_back();
    }
    cores_[node - 1].step({now_, std::move(what)}, effects);
    const LogIndex applied = effects.apply.empty() ? LogIndex() : effects.apply.back().index;
    for (const Message& message : effects.send_now) deliver(message);
    if (effects.persist) input(node, Persisted{effects.persist->ticket});
    for (const DelayedSend& delayed : effects.send_after) deliver(delayed.message);
    if (applied > LogIndex()) input(node, Applied{applied});
    spare_.push_back(std::move(effects));
  }
  void deliver(const Message& message) {
    ++messages_;
    input(message.to.value(), message);
  }

  Instant now_{};
  std::vector<Core> cores_;
  std::vector<Effects> spare_;
  std::uint64_t messages_ = 0;
};

void heartbeat_round(benchmark::State& state) {
  Mesh mesh(static_cast<std::uint64_t>(state.range(0)));
  const std::uint64_t before = mesh.messages();
  for (auto _ : state) mesh.beat();
  state.counters["messages/s"] =
      benchmark::Counter(static_cast<double>(mesh.messages() - before), benchmark::Counter::kIsRate);
}
BENCHMARK(heartbeat_round)->Arg(3)->Arg(5);

void append_round(benchmark::State& state) {
  Mesh mesh(static_cast<std::uint64_t>(state.range(0)));
  Propose propose;
  for (std::int64_t at = 0; at < state.range(1); ++at)
    propose.proposals.push_back({ProposalId(1), EntryKind::kCommand, SharedBytes(Bytes(100, 'x'))});
  const LogIndex before = mesh.commit();
  for (auto _ : state) mesh.propose(propose);
  state.counters["commits/s"] =
      benchmark::Counter(static_cast<double>(mesh.commit() - before), benchmark::Counter::kIsRate);
}
BENCHMARK(append_round)->Args({3, 1})->Args({5, 1})->Args({5, 16});

}  // namespace
}  // namespace lockstep::raft

BENCHMARK_MAIN();
