// A batch of readings as it is kept and sent: blocks of a few series, and how they are made fewer.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "core/proto/sensing.pb.h"
#include "storage/series/block.h"

namespace lockstep::edge {

// Readings of one series in the order in which they came; times ascend or are equal.
struct Run {
  std::string series;
  std::vector<series::Point> points;
};

// The bytes of a batch: for each run the name and its packed points, both sized. Equal runs, equal bytes.
Bytes encode_runs(const std::vector<Run>& runs);
// kCorrupt: not such bytes.
Result<std::vector<Run>> decode_runs(BytesView body);
// Without unpacking the points.
Status append_blocks(BytesView body, wire::SensorBatch& batch);

// How a full buffer makes old batches smaller.
enum class Thinning : std::uint8_t {
  kEveryNth,  // the first reading of each group of `factor` stays
  kMinMax,    // the least and the greatest of each group of 2 * `factor` stay, in their order
};

// About one reading in `factor` (at least 2, checked) stays of each run, and at least one.
std::vector<Run> thin(const std::vector<Run>& runs, Thinning how, std::size_t factor);
std::size_t count_readings(const std::vector<Run>& runs);

}  // namespace lockstep::edge
