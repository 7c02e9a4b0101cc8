// Open batches.
#include "edge/collector.h"

#include <algorithm>

namespace lockstep::edge {

void Collector::add(std::uint32_t stream, const std::string& series, series::Point point, Instant now) {
  Open& batch = open_[stream];
  if (batch.readings == 0) batch.close_at = now + options_.longest_wait;
  const auto run = std::find_if(batch.runs.rbegin(), batch.runs.rend(),
                                [&](const Run& one) { return one.series == series; });
  if (run == batch.runs.rend() || run->points.back().time_ns > point.time_ns) {
    batch.runs.push_back({series, {point}});
  } else {
    run->points.push_back(point);
  }
  if (++batch.readings < options_.most_readings) return;
  full_.push_back({stream, std::move(batch.runs)});
  batch = {};
}

std::vector<Collector::Closed> Collector::take_closed(Instant now) {
  std::vector<Closed> closed = std::move(full_);
  full_.clear();
  for (auto& [stream, batch] : open_) {
    if (batch.close_at > now) continue;
    closed.push_back({stream, std::move(batch.runs)});
    batch = {};
  }
  return closed;
}

Instant Collector::deadline() const {
  Instant first = full_.empty() ? kNever : Instant{};
  for (const auto& [stream, batch] : open_) first = std::min(first, batch.close_at);
  return first;
}

std::map<std::uint32_t, std::size_t> Collector::open() const {
  std::map<std::uint32_t, std::size_t> readings;
  for (const auto& [stream, batch] : open_)
    if (batch.readings > 0) readings[stream] += batch.readings;
  for (const Closed& batch : full_) readings[batch.stream] += count_readings(batch.runs);
  return readings;
}

}  // namespace lockstep::edge
