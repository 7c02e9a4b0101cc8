// Buckets by the time of return; quantiles of each by sorting it.
#include "reports/series.h"

#include <algorithm>

namespace lockstep::reports {
namespace {

Duration quantile(const std::vector<std::int64_t>& sorted, std::size_t percent) {
  return Duration(sorted[(sorted.size() - 1) * percent / 100]);
}

bool succeeded(const Operation& operation) {
  return operation.completion == Completion::kOk && operation.returned.time_ns >= 0;
}

// Of a transaction's micro-operations, ["r",key,answer] reads.
bool writes_anything(const Operation& transaction) {
  const Value::Array* micros = transaction.argument.as_array();
  return micros == nullptr || std::ranges::any_of(*micros, [](const Value& micro) {
           const Value::Array* parts = micro.as_array();
           return parts == nullptr || parts->empty() || parts->front() != Value("r");
         });
}

}  // namespace

Series series_of(const History& history, Duration end, std::size_t buckets) {
  Series out{.bucket = end / static_cast<std::int64_t>(buckets) + Duration(1),
             .buckets = std::vector<Bucket>(buckets)};
  std::vector<std::vector<std::int64_t>> latencies(buckets);
  for (const Operation& operation : history.operations()) {
    // What nobody answered counts where it began.
    const std::int64_t time =
        operation.returned.time_ns >= 0 ? operation.returned.time_ns : operation.invoked.time_ns;
    if (time < 0) continue;
    const std::size_t at = std::min(static_cast<std::size_t>(time / out.bucket.count()), buckets - 1);
    Bucket& bucket = out.buckets[at];
    switch (operation.completion) {
      case Completion::kOk:
        ++bucket.ok;
        latencies[at].push_back(operation.returned.time_ns - operation.invoked.time_ns);
        break;
      case Completion::kFail: ++bucket.failed; break;
      case Completion::kInfo: ++bucket.unknown; break;
    }
  }
  for (std::size_t at = 0; at < buckets; ++at) {
    if (latencies[at].empty()) continue;
    std::ranges::sort(latencies[at]);
    out.buckets[at].p50 = quantile(latencies[at], 50);
    out.buckets[at].p99 = quantile(latencies[at], 99);
  }
  return out;
}

bool is_write(const Operation& operation) {
  if (operation.f == "txn") return writes_anything(operation);
  return !operation.f.starts_with("local-") && operation.f != "read" && operation.f != "get" &&
         operation.f != "version";
}

Gap longest_without_write(const History& history) {
  std::vector<std::int64_t> times;
  for (const Operation& operation : history.operations())
    if (succeeded(operation) && is_write(operation)) times.push_back(operation.returned.time_ns);
  std::ranges::sort(times);
  Gap longest;
  for (std::size_t at = 1; at < times.size(); ++at) {
    const Duration lasted(times[at] - times[at - 1]);
    if (lasted > longest.lasted) longest = {.from = Duration(times[at - 1]), .lasted = lasted};
  }
  return longest;
}

std::optional<Duration> until_next_write(const History& history, Duration moment) {
  std::optional<Duration> soonest;
  for (const Operation& operation : history.operations()) {
    if (!succeeded(operation) || !is_write(operation) || operation.invoked.time_ns < moment.count()) continue;
    const Duration after(operation.returned.time_ns - moment.count());
    if (!soonest || after < *soonest) soonest = after;
  }
  return soonest;
}

}  // namespace lockstep::reports
