// What an edge is told by the settings in its active slot, and what it does by itself when the hub is silent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "edge/description.h"

namespace lockstep::edge {

// Keys of one slot that mean something to the edge (docs/edge.md); others are kept for whoever asks for them.
//
//   sampling/<device>/period_ms     whole milliseconds, 1 to 3600000
//   fallback/after_ms               whole milliseconds of silence, 1000 to 86400000
//   fallback/<device>/<actuator>    a number inside the actuator's range
struct Settings {
  std::map<std::size_t, Duration> sample_period;  // by device
  std::optional<Duration> fallback_after;
  struct SetPoint {
    std::size_t device = 0;
    std::string actuator;
    double value = 0;
  };
  std::vector<SetPoint> fallback;

  // A sentence that says what is wrong with this pair; empty: nothing.
  std::string take(BytesView key, BytesView value, const Description& description);
};

}  // namespace lockstep::edge
