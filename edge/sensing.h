// Readings from the moment they are taken until the hub has them: collected, buffered, sent, settled.
#pragma once

#include "edge/buffer.h"
#include "edge/collector.h"
#include "edge/uplink.h"

namespace lockstep::edge {

struct SensingOptions {
  CollectorOptions collector;
  BufferOptions buffer;
  UplinkOptions uplink;
};

class Sensing {
 public:
  Sensing(const env::Env& env, const SensingOptions& options, BufferContents contents, StoreLane& lane,
          HubLink& link);

  void take(std::uint32_t stream, const std::string& series, series::Point point);
  Uplink& uplink() { return uplink_; }
  const Buffer& buffer() const { return buffer_; }
  Instant deadline() const;
  void on_deadline() { uplink_.on_deadline(); }
  // Closes what has to be closed.
  void on_turn_end();

  // Readings that have been taken and are not durable, by stream and sequence; sequence 0: in no batch yet.
  struct Doubtful {
    std::uint32_t stream = 0;
    std::uint64_t sequence = 0;
    std::uint64_t readings = 0;
  };
  std::vector<Doubtful> doubtful() const;
  // Batches that became durable since this began.
  std::uint64_t batches() const { return batches_; }

 private:
  void buffer_one(Collector::Closed closed);
  void thin_if_needed();

  env::Env env_;
  StoreLane& lane_;
  Collector collector_;
  Buffer buffer_;
  Uplink uplink_;
  std::uint64_t batches_ = 0;
  bool is_thinning_ = false;
};

}  // namespace lockstep::edge
