// The bytes of a batch, and thinning.
#include "edge/batch.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::edge {
namespace {

// Calls `visit(series, points)` for each block.
template <class Visit>
Status for_each_block(BytesView body, Visit visit) {
  ByteReader in(body);
  while (!in.at_end()) {
    LOCKSTEP_TRY(series, in.sized());
    LOCKSTEP_TRY(points, in.sized());
    LOCKSTEP_TRY_STATUS(visit(series, points));
  }
  return {};
}

std::vector<series::Point> every_nth(const std::vector<series::Point>& points, std::size_t factor) {
  std::vector<series::Point> kept;
  for (std::size_t i = 0; i < points.size(); i += factor) kept.push_back(points[i]);
  return kept;
}

std::vector<series::Point> least_and_greatest(const std::vector<series::Point>& points, std::size_t group) {
  const auto by_value = [](const series::Point& a, const series::Point& b) { return a.value < b.value; };
  std::vector<series::Point> kept;
  for (std::size_t first = 0; first < points.size(); first += group) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(std::min(first + group, points.size()));
    auto [one, other] = std::minmax_element(begin, end, by_value);
    if (other < one) std::swap(one, other);
    kept.push_back(*one);
    if (one != other) kept.push_back(*other);
  }
  return kept;
}

}  // namespace

Bytes encode_runs(const std::vector<Run>& runs) {
  Bytes body;
  ByteWriter out(body);
  for (const Run& run : runs) {
    const Bytes points = series::pack(run.points);
    out.sized(run.series).sized(points);
  }
  return body;
}

Result<std::vector<Run>> decode_runs(BytesView body) {
  std::vector<Run> runs;
  LOCKSTEP_TRY_STATUS(for_each_block(body, [&](BytesView series, BytesView packed) -> Status {
    LOCKSTEP_TRY(points, series::unpack(packed));
    runs.push_back({std::string(series), std::move(points)});
    return {};
  }));
  return runs;
}

Status append_blocks(BytesView body, wire::SensorBatch& batch) {
  return for_each_block(body, [&](BytesView series, BytesView points) -> Status {
    wire::SensorBlock& block = *batch.add_blocks();
    block.set_series(series.data(), series.size());
    block.set_points(points.data(), points.size());
    return {};
  });
}

std::vector<Run> thin(const std::vector<Run>& runs, Thinning how, std::size_t factor) {
  CHECK(factor >= 2, "factor ", factor);
  std::vector<Run> thinned;
  for (const Run& run : runs)
    thinned.push_back({run.series, how == Thinning::kEveryNth ? every_nth(run.points, factor)
                                                              : least_and_greatest(run.points, 2 * factor)});
  return thinned;
}

std::size_t count_readings(const std::vector<Run>& runs) {
  std::size_t count = 0;
  for (const Run& run : runs) count += run.points.size();
  return count;
}

}  // namespace lockstep::edge
