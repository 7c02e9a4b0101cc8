// Checks of workloads whose answers can be judged by counting and comparing: bank, counter, set, long fork,
// monotonic.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "reports/history.h"
#include "reports/verdict.h"

namespace lockstep::reports {

// What a tally is called and how it is to be read. docs/format/history.md lists names, operations and
// options.
struct Tally {
  enum class Kind : std::uint8_t { kBank, kCounter, kSet, kSetFull, kLongFork, kMonotonic };
  // In which nothing goes back: that of the database's timestamps, and beside it ...
  enum class Order : std::uint8_t { kTimestamps, kSession, kRealtime };

  Kind kind = Kind::kBank;
  std::optional<std::int64_t> total;  // bank: what all accounts of each hold together; else what its first read says
  bool negative_balances_allowed = false;  // bank
  Order order = Order::kSession;           // monotonic
};

bool is_tally(std::string_view name);
// `name` is bank, counter, set, set-full, long-fork or monotonic; an option is "key=value".
Result<Tally> parse_tally(std::string_view name, std::span<const std::string> options);

// Fails if the history does not fit: an unknown f, a value of another shape. Unknown without anything to
// judge.
Result<Verdict> check_tally(const History& history, const Tally& tally);

}  // namespace lockstep::reports
