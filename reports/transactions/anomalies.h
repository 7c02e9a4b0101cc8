// What is wrong with a history, by name, and which levels of consistency it rules out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::transactions {

// Levels as bits. Each forbids what those that it implies forbid:
//   read-uncommitted < read-committed < repeatable-read-rr < read-atomic < causal < prefix < snapshot <
//   serializable, read-committed < repeatable-read (of items, Adya's PL-2.99 without predicates) <
//   serializable.
enum Level : std::uint16_t {
  kReadUncommitted = 1 << 0,
  kReadCommitted = 1 << 1,
  kRepeatableReadRr = 1 << 2,  // read committed, and a transaction sees one version of a key
  kReadAtomic = 1 << 3,
  kCausal = 1 << 4,
  kPrefix = 1 << 5,
  kSnapshot = 1 << 6,
  kRepeatableRead = 1 << 7,
  kSerializable = 1 << 8,
  kReadYourWrites = 1 << 9,  // the session guarantees imply nothing but themselves here
  kMonotonicReads = 1 << 10,
  kMonotonicWrites = 1 << 11,
  kWritesFollowReads = 1 << 12,
};
using Levels = std::uint16_t;
inline constexpr Levels kEveryLevel = (1 << 9) - 1;
// Those of the ladder that imply this one, and itself.
Levels at_least(Level level);

// Beyond what the data say, what must the order of transactions respect?
enum class Order : std::uint8_t {
  kNone,
  kSession,   // each process's own order
  kRealtime,  // whatever returned before another was invoked
};

struct Anomaly {
  std::string name;                  // "G-single-item-realtime"
  Levels rules_out = 0;              // these levels ...
  Order order = Order::kNone;        // ... if they respect this order
  std::vector<std::string> proof{};  // lines
};

// Every anomaly is counted, the first of each name are kept with their proofs.
class AnomalyLog {
 public:
  static constexpr std::size_t kKeptOfAName = 3;

  // `prove()` gives the lines; it is called only for those that are kept.
  template <class Prove>
  void add(std::string_view name, const Prove& prove) {
    add(known(name), prove);
  }
  // The same with other consequences than the name's own.
  template <class Prove>
  void add(Anomaly anomaly, const Prove& prove) {
    if (++counts_[anomaly.name] > kKeptOfAName) return;
    anomaly.proof = prove();
    kept_.push_back(std::move(anomaly));
  }
  const std::vector<Anomaly>& kept() const { return kept_; }
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }
  bool has(std::string_view name) const { return counts_.contains(std::string(name)); }
  // One of these levels in this order is ruled out.
  bool rules_out(Levels levels, Order order) const;

  // What an anomaly of this name rules out; a CHECK for an unknown name. The suffixes -process and -realtime
  // move it to the levels that respect that order.
  static Anomaly known(std::string_view name);

 private:
  std::map<std::string, std::uint64_t> counts_;
  std::vector<Anomaly> kept_;
};

}  // namespace lockstep::transactions
