// Bounded per stream by its credit, and in all by bytes.
#include "hub/early_batches.h"

#include <utility>

namespace lockstep::hub {
namespace {

constexpr std::size_t kMostBytes = 8 << 20;

}  // namespace

wire::SensorBatch EarlyBatches::remove(Batches& batches, Batches::iterator batch) {
  bytes_ -= batch->second.ByteSizeLong();
  return std::move(batches.extract(batch).mapped());
}

void EarlyBatches::keep(const StreamKey& key, std::size_t most, wire::SensorBatch batch) {
  const std::size_t bytes = batch.ByteSizeLong();
  if (most == 0 || bytes > kMostBytes) return;
  if (bytes_ + bytes > kMostBytes) forget_all();  // of whom no more is heard, too
  Batches& batches = streams_[key];
  if (const auto former = batches.find(batch.sequence()); former != batches.end()) remove(batches, former);
  const std::uint64_t sequence = batch.sequence();
  batches.emplace(sequence, std::move(batch));
  bytes_ += bytes;
  if (batches.size() > most) remove(batches, std::prev(batches.end()));
}

std::optional<wire::SensorBatch> EarlyBatches::next(const StreamKey& key, std::uint64_t taken) {
  const auto found = streams_.find(key);
  if (found == streams_.end()) return std::nullopt;
  Batches& batches = found->second;
  while (!batches.empty() && batches.begin()->first <= taken) remove(batches, batches.begin());
  std::optional<wire::SensorBatch> next;
  if (!batches.empty() && batches.begin()->second.previous() <= taken)
    next = remove(batches, batches.begin());
  if (batches.empty()) streams_.erase(found);
  return next;
}

void EarlyBatches::forget(NodeId edge) {
  for (auto stream = streams_.lower_bound({edge, 0, 0});
       stream != streams_.end() && stream->first.edge == edge;) {
    for (const auto& [sequence, batch] : stream->second) bytes_ -= batch.ByteSizeLong();
    stream = streams_.erase(stream);
  }
}

void EarlyBatches::forget_all() {
  streams_.clear();
  bytes_ = 0;
}

}  // namespace lockstep::hub
