// Buckets and sums.
#include "core/service/request_counters.h"

#include <algorithm>

#include "base/check.h"

namespace lockstep::service {

RequestCounters::OfKind& RequestCounters::of(Kind kind) {
  const auto index = static_cast<std::size_t>(kind);
  CHECK(index < kKinds, "a request of kind ", index);
  return kinds_[index];
}

void RequestCounters::ended(Kind kind, wire::ReplyStatus status, Duration took) {
  OfKind& counters = of(kind);
  --counters.waiting;
  ++counters.ended[status];
  if (status != wire::DONE) return;  // how fast a node refuses says nothing about the database
  counters.sum += took;
  const auto bucket = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), took);
  ++counters.buckets[static_cast<std::size_t>(bucket - kLatencyBounds.begin())];
}

void RequestCounters::describe(wire::RequestCounters& out) const {
  for (const Duration bound : kLatencyBounds) out.add_bounds_ns(static_cast<std::uint64_t>(bound.count()));
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const OfKind& counters = kinds_[kind];
    if (counters.ended.empty() && counters.waiting == 0) continue;
    wire::RequestCounters::OfKind& entry = *out.add_kinds();
    entry.set_kind(static_cast<std::uint32_t>(kind));
    entry.set_waiting(counters.waiting);
    for (const auto& [status, count] : counters.ended) {
      wire::RequestCounters::Ended& ended = *entry.add_ended();
      ended.set_status(status);
      ended.set_count(count);
    }
    for (const std::uint64_t bucket : counters.buckets) entry.add_buckets(bucket);
    entry.set_sum_ns(static_cast<std::uint64_t>(counters.sum.count()));
  }
}

}  // namespace lockstep::service
