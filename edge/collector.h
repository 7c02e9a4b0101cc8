// Readings on their way into batches: each stream has one open batch, closed by count or by time.
#pragma once

#include <map>
#include <vector>

#include "base/time.h"
#include "edge/batch.h"

namespace lockstep::edge {

struct CollectorOptions {
  std::size_t most_readings = 200;                        // 1 to series::kMostPoints
  Duration longest_wait = std::chrono::milliseconds(20);  // of the first reading of a batch
};

class Collector {
 public:
  struct Closed {
    std::uint32_t stream = 0;
    std::vector<Run> runs;
  };

  explicit Collector(CollectorOptions options) : options_(options) {}

  // A reading whose time is before the last one of its series (the clock was set back) begins another run.
  void add(std::uint32_t stream, const std::string& series, series::Point point, Instant now);
  // Batches that are full, or have waited long enough, in the order of their streams; each once.
  std::vector<Closed> take_closed(Instant now);
  // When the next one will have waited long enough.
  Instant deadline() const;
  // Readings in open batches, by stream.
  std::map<std::uint32_t, std::size_t> open() const;

 private:
  struct Open {
    std::vector<Run> runs;
    std::size_t readings = 0;
    Instant close_at = kNever;
  };

  CollectorOptions options_;
  std::map<std::uint32_t, Open> open_;
  std::vector<Closed> full_;
};

}  // namespace lockstep::edge
