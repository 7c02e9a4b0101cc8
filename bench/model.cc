// One token of a model of 250,000 parameters, beside what merely reading its weights would take.
//
// bench/model_torch.py measures the same model in PyTorch. The floor is the time to stream as many bytes as
// the weights have: from the cache, where they stay while nothing else runs, and from memory.
#include "hub/model/model.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "hub/policy/tokens.h"

namespace lockstep::model {
namespace {

constexpr Configuration kConfiguration{.vocabulary = hub::kVocabulary,
                                       .width = 64,
                                       .layers = 4,
                                       .heads = 4,
                                       .key_value_heads = 2,
                                       .head_width = 16,
                                       .inner_width = 212,
                                       .context = 48,
                                       .tied_output = true};

Weights drawn_weights() {
  constexpr Purpose kWeight{"bench.model.weight"};
  Weights weights = make_weights(kConfiguration);
  std::uint64_t object = 0;
  for (const NamedTensor& tensor : tensors(weights)) {
    Stream stream(1, kWeight, object++);
    for (float& value : tensor.values)
      value = static_cast<float>(static_cast<double>(stream.next() >> 11) * 0x1p-54 - 0.25);
  }
  return weights;
}

void token(benchmark::State& state) {
  const Model model(drawn_weights());
  Session session(model);
  std::uint64_t said = 0;
  for (auto _ : state) {
    if (session.size() == kConfiguration.context) session.clear();
    session.append(static_cast<Token>(said++ % kConfiguration.vocabulary));
    benchmark::DoNotOptimize(session.logits().data());
  }
  state.counters["parameters"] = static_cast<double>(count_parameters(kConfiguration));
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(count_parameters(kConfiguration) * 4));
}
BENCHMARK(token)->Unit(benchmark::kMicrosecond);

// A tank's window: 22 tokens of prompt and one of the two answers.
void sequence(benchmark::State& state) {
  const Model model(drawn_weights());
  Session session(model);
  for (auto _ : state) {
    session.clear();
    for (Token said = 0; said < 22; ++said) session.append(said);
    benchmark::DoNotOptimize(hub::mean_step(session.logits()));
    session.append(hub::kFirstLevel);
    benchmark::DoNotOptimize(hub::mean_step(session.logits()));
  }
}
BENCHMARK(sequence)->Unit(benchmark::kMicrosecond);

using Lanes = float __attribute__((vector_size(16)));

template <std::size_t... kPart>
void add(std::index_sequence<kPart...>, const float* from, Lanes* sums) {
  Lanes read[sizeof...(kPart)];
  std::memcpy(read, from, sizeof read);
  ((sums[kPart] += read[kPart]), ...);
}

// Reads `bytes` of each chunk in turn: with one chunk they stay in the cache, with hundreds they come from
// memory.
void stream(benchmark::State& state) {
  const std::size_t bytes = count_parameters(kConfiguration) * 4 / 128 * 128;
  const auto chunks = static_cast<std::size_t>(state.range(0));
  const std::vector<float> numbers(chunks * bytes / 4, 1.0f);
  std::size_t chunk = 0;
  for (auto _ : state) {
    const float* from = numbers.data() + chunk * bytes / 4;
    chunk = (chunk + 1) % chunks;
    Lanes sums[8] = {};
    for (const float* end = from + bytes / 4; from != end; from += 32)
      add(std::make_index_sequence<8>(), from, sums);
    benchmark::DoNotOptimize(sums);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}
BENCHMARK(stream)->ArgName("chunks")->Arg(1)->Arg(512)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lockstep::model

BENCHMARK_MAIN();
