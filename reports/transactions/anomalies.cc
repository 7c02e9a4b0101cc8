// The table of anomalies and levels, after Adya, Cerone, Biswas and Enea, and Elle.
#include "reports/transactions/anomalies.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace lockstep::transactions {

namespace {

constexpr Levels kLadder[] = {kReadUncommitted, kReadCommitted, kRepeatableReadRr, kReadAtomic,
                              kCausal,          kPrefix,        kSnapshot};

struct Known {
  std::string_view name;
  Levels rules_out;
  Order order = Order::kNone;  // that the anomaly itself is about
};

constexpr Levels from(Level level) {
  Levels levels = kSerializable;
  bool reached = false;
  for (const Levels step : kLadder) {
    reached |= step == level;
    if (reached) levels |= step;
  }
  if (level == kReadUncommitted || level == kReadCommitted) levels |= kRepeatableRead;
  if (level == kRepeatableRead) levels = kRepeatableRead | kSerializable;
  if (level == kSerializable || level > kSerializable) levels = level;
  return levels;
}

constexpr Known kKnown[] = {
    {"G0", from(kReadUncommitted)},
    {"duplicate-elements", from(kReadUncommitted)},
    {"incompatible-order", from(kReadUncommitted)},
    {"cyclic-versions", from(kReadUncommitted)},
    {"garbage-read", from(kReadUncommitted)},
    {"G1a", from(kReadCommitted)},
    {"G1b", from(kReadCommitted)},
    {"G1c", from(kReadCommitted)},
    {"dirty-update", from(kReadCommitted)},
    {"future-read", from(kReadCommitted)},
    {"non-monotonic-read", from(kReadCommitted)},
    {"non-repeatable-read", from(kRepeatableReadRr)},
    {"internal", from(kReadAtomic) | from(kRepeatableRead)},
    {"fractured-read", from(kReadAtomic)},
    {"causal-violation", from(kCausal), Order::kSession},
    {"no-prefix-order", from(kPrefix)},
    {"lost-update", from(kSnapshot) | from(kRepeatableRead)},
    {"G-single-item", from(kSnapshot) | from(kRepeatableRead)},
    {"G-nonadjacent-item", from(kSnapshot) | from(kRepeatableRead)},
    {"no-snapshot-order", from(kSnapshot)},
    {"G2-item", from(kRepeatableRead)},
    {"no-serial-order", from(kRepeatableRead)},
    {"read-your-writes", kReadYourWrites | from(kCausal), Order::kSession},
    {"monotonic-reads", kMonotonicReads | from(kCausal), Order::kSession},
    {"monotonic-writes", kMonotonicWrites | from(kCausal), Order::kSession},
    {"writes-follow-reads", kWritesFollowReads | from(kCausal), Order::kSession},
};

}  // namespace

Levels at_least(Level level) { return from(level); }

Anomaly AnomalyLog::known(std::string_view name) {
  Anomaly anomaly{.name = std::string(name)};
  for (const auto& [suffix, order] : {std::pair{std::string_view("-process"), Order::kSession},
                                      std::pair{std::string_view("-realtime"), Order::kRealtime}}) {
    if (!name.ends_with(suffix)) continue;
    name.remove_suffix(suffix.size());
    anomaly.order = order;
  }
  const auto* found = std::find_if(std::begin(kKnown), std::end(kKnown),
                                   [&](const Known& known) { return known.name == name; });
  CHECK(found != std::end(kKnown), "no anomaly has the name ", name);
  anomaly.rules_out = found->rules_out;
  anomaly.order = std::max(anomaly.order, found->order);
  return anomaly;
}

bool AnomalyLog::rules_out(Levels levels, Order order) const {
  return std::any_of(kept_.begin(), kept_.end(), [&](const Anomaly& anomaly) {
    return (anomaly.rules_out & levels) != 0 && anomaly.order <= order;
  });
}

}  // namespace lockstep::transactions
