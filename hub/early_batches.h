// Batches that overtook one before them: they wait here for it, so that one late frame is not many to be sent
// again.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>

#include "base/ids.h"
#include "core/proto/sensing.pb.h"

namespace lockstep::hub {

// An edge's streams begin anew with a new buffer.
struct StreamKey {
  NodeId edge;
  std::uint64_t buffer = 0;
  std::uint32_t stream = 0;
  auto operator<=>(const StreamKey&) const = default;
};

// In memory only, and never for sure: an edge sends again what is not acknowledged.
class EarlyBatches {
 public:
  // At most so many of a stream: the lowest numbers. Where it is too much in all, what there was is
  // forgotten.
  void keep(const StreamKey& key, std::size_t most, wire::SensorBatch batch);
  // The one that follows when all up to `taken` is taken. What is not beyond that is forgotten.
  std::optional<wire::SensorBatch> next(const StreamKey& key, std::uint64_t taken);
  bool any(const StreamKey& key) const { return streams_.contains(key); }
  // An edge whose disk has lost batches gives their numbers to others in its next life.
  void forget(NodeId edge);
  void forget_all();

 private:
  using Batches = std::map<std::uint64_t, wire::SensorBatch>;  // by sequence
  wire::SensorBatch remove(Batches& batches, Batches::iterator batch);

  std::map<StreamKey, Batches> streams_;  // none is empty
  std::size_t bytes_ = 0;
};

}  // namespace lockstep::hub
