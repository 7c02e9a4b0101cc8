// Readings on their way in: each batch of an edge becomes rows exactly once, and is acknowledged when they
// are applied.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "hub/early_batches.h"
#include "hub/part.h"
#include "hub/schema.h"

namespace lockstep::hub {

class Intake final : public Part {
 public:
  explicit Intake(const Surroundings& surroundings) : surroundings_(surroundings) {}

  // On the leader. A batch that cannot be readings is left without an answer: its edge is broken.
  void on_batch(NodeId edge, wire::SensorBatch& batch);
  // Perhaps it begins another life.
  void on_hello(NodeId edge) { early_.forget(edge); }

  struct Stream {
    std::uint64_t received = 0;  // applied here
    std::uint64_t taken = 0;     // on its way into the log; at least `received`
    std::uint64_t readings = 0;
    std::uint64_t dropped = 0;
    std::size_t under_way = 0;  // batches that are waiting or being written
  };
  const std::map<StreamKey, Stream>& streams() const { return streams_; }
  std::uint32_t credit() const;

  void on_row(const sql::RowChange& change) override;
  void on_follow() override;
  void act(Instant now, bool leads) override;

 private:
  struct Waiting {
    StreamKey stream;
    std::size_t bytes = 0;
    std::vector<wire::Statement> statements;
  };

  // It follows what is taken.
  Stream stream_of(const StreamKey& key) const;
  void take(const StreamKey& key, const wire::SensorBatch& batch);
  void write_waiting();
  void written(const std::vector<StreamKey>& streams);
  void settle(const StreamKey& key);
  void acknowledge(const StreamKey& key);

  const Surroundings& surroundings_;
  std::map<StreamKey, Stream> streams_;
  EarlyBatches early_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t writes_ = 0;  // under way
  std::set<StreamKey> to_acknowledge_;
};

}  // namespace lockstep::hub
