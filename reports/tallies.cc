// Names and options of tallies, and the bank.
#include "reports/tallies.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "reports/evidence.h"
#include "reports/intern.h"
#include "reports/monotonic_check.h"
#include "reports/tally_checks.h"

namespace lockstep::reports {

namespace {

struct Name {
  std::string_view name;
  Tally::Kind kind;
};
constexpr Name kNames[] = {{"bank", Tally::Kind::kBank},
                           {"counter", Tally::Kind::kCounter},
                           {"set", Tally::Kind::kSet},
                           {"set-full", Tally::Kind::kSetFull},
                           {"long-fork", Tally::Kind::kLongFork},
                           {"monotonic", Tally::Kind::kMonotonic}};

Status set_order(Tally& tally, std::string_view value) {
  if (value == "timestamps") {
    tally.order = Tally::Order::kTimestamps;
  } else if (value == "session") {
    tally.order = Tally::Order::kSession;
  } else if (value == "realtime") {
    tally.order = Tally::Order::kRealtime;
  } else {
    return fail(ErrorCode::kInvalidArgument,
                cat("option order: expected timestamps, session or realtime, found ", value));
  }
  return {};
}

std::string_view options_of(Tally::Kind kind) {
  switch (kind) {
    case Tally::Kind::kBank: return "total or negative";
    case Tally::Kind::kMonotonic: return "order";
    default: return "none";
  }
}

Status set_option(Tally& tally, std::string_view key, std::string_view value) {
  if (key == "total" && tally.kind == Tally::Kind::kBank) {
    std::int64_t total = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), total);
    if (error != std::errc() || end != value.data() + value.size())
      return fail(ErrorCode::kInvalidArgument, cat("option total: expected an integer, found ", value));
    tally.total = total;
    return {};
  }
  if (key == "negative" && tally.kind == Tally::Kind::kBank) {
    if (value != "allowed" && value != "forbidden")
      return fail(ErrorCode::kInvalidArgument,
                  cat("option negative: expected allowed or forbidden, found ", value));
    tally.negative_balances_allowed = value == "allowed";
    return {};
  }
  if (key == "order" && tally.kind == Tally::Kind::kMonotonic) return set_order(tally, value);
  // Said aloud by others; a fork is found in groups of any size.
  if (key == "group-size" && tally.kind == Tally::Kind::kLongFork) return {};
  return fail(ErrorCode::kInvalidArgument,
              cat("option ", key, ": expected ", options_of(tally.kind), " for this model"));
}

}  // namespace

std::unexpected<Error> misfit(const Operation& operation, std::string_view expected, const Value& found) {
  std::string text = to_json(found);
  if (text.size() > 80) text = text.substr(0, 80) + "...";
  return fail(ErrorCode::kInvalidArgument,
              cat("event ", operation.invoked.index, " (process ", operation.process, ", ", operation.f,
                  "): expected ", expected, ", found ", text));
}

std::string answered(const Operation& operation) {
  return cat("event ", operation.returned.index, ", process ", operation.process);
}

Verdict tally_verdict(std::string_view name, std::string_view promise, std::uint64_t reads) {
  Verdict verdict;
  verdict.name = name;
  verdict.promise = promise;
  verdict.checked = {{"reads", reads}};
  verdict.outcome = reads == 0 ? Outcome::kUnknown : Outcome::kHolds;
  if (reads == 0) verdict.evidence.push_back("no read succeeded: there is nothing to judge");
  return verdict;
}

bool is_read(const Operation& operation) { return operation.f == "read"; }

bool is_answered_read(const Operation& operation) {
  return is_read(operation) && operation.completion == Completion::kOk;
}

std::vector<Operations> by_key(const History& history) {
  std::vector<Operations> objects;
  ValueTable keys;
  for (const Operation& operation : history.operations()) {
    const std::uint32_t key = keys.intern(operation.key);
    if (key == objects.size()) objects.emplace_back();
    objects[key].push_back(&operation);
  }
  return objects;
}

namespace {

struct Balances {
  std::int64_t sum = 0;
  std::optional<std::pair<std::string, std::int64_t>> negative;
};

// An object from accounts to balances, or a list of pairs.
Result<Balances> balances_of(const Operation& read) {
  Balances found;
  const auto add = [&](std::string account, const Value& balance) -> Status {
    const std::int64_t* amount = balance.as_integer();
    if (amount == nullptr && balance.is_null()) return {};  // an account that is not there yet
    if (amount == nullptr) return misfit(read, "balances to be integers", balance);
    if (__builtin_add_overflow(found.sum, *amount, &found.sum))
      return misfit(read, "balances whose sum has 64 bits", balance);
    if (*amount < 0 && !found.negative) found.negative = {std::move(account), *amount};
    return {};
  };
  if (const Value::Object* object = read.result.as_object()) {
    for (const auto& [account, balance] : *object) LOCKSTEP_TRY_STATUS(add(account, balance));
    return found;
  }
  const Value::Array* pairs = read.result.as_array();
  if (pairs == nullptr) return misfit(read, "an object from accounts to balances", read.result);
  for (const Value& item : *pairs) {
    const Value::Array* pair = item.as_array();
    if (pair == nullptr || pair->size() != 2) return misfit(read, "pairs [account,balance]", item);
    LOCKSTEP_TRY_STATUS(add(to_json((*pair)[0]), (*pair)[1]));
  }
  return found;
}

// How many reads there were.
Result<std::uint64_t> check_bank(const Operations& bank, const Tally& tally, Evidence& wrong) {
  std::uint64_t reads = 0;
  std::optional<std::int64_t> total = tally.total;
  for (const Operation* operation : bank) {
    if (!is_answered_read(*operation)) continue;
    LOCKSTEP_TRY(balances, balances_of(*operation));
    ++reads;
    if (!total) total = balances.sum;
    const std::string who = answered(*operation);
    if (balances.sum != *total)
      wrong.add(cat(who, " read accounts of ", balances.sum, " together, expected ", *total));
    if (balances.negative && !tally.negative_balances_allowed)
      wrong.add(cat(who, " read ", balances.negative->second, " in account ", balances.negative->first));
  }
  return reads;
}

Result<Verdict> check_banks(const History& history, const Tally& tally) {
  for (const Operation& operation : history.operations()) {
    if (is_read(operation) || operation.f == "transfer") continue;
    return fail(
        ErrorCode::kInvalidArgument,
        cat("event ", operation.invoked.index, ": expected f to be read or transfer, found ", operation.f));
  }
  std::uint64_t reads = 0;
  Evidence wrong;
  for (const Operations& bank : by_key(history)) {
    LOCKSTEP_TRY(its_reads, check_bank(bank, tally, wrong));
    reads += its_reads;
  }
  Verdict verdict = tally_verdict("bank", "every read sees the same total, and no account below zero", reads);
  wrong.conclude(verdict);
  return verdict;
}

}  // namespace

bool is_tally(std::string_view name) {
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](const Name& known) { return known.name == name; });
}

Result<Tally> parse_tally(std::string_view name, std::span<const std::string> options) {
  const auto* known =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& one) { return one.name == name; });
  if (known == std::end(kNames))
    return fail(ErrorCode::kInvalidArgument,
                cat("expected bank, counter, set, set-full, long-fork or monotonic, found ", name));
  Tally tally;
  tally.kind = known->kind;
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    if (equals == option.npos)
      return fail(ErrorCode::kInvalidArgument, cat("expected an option key=value, found ", option));
    LOCKSTEP_TRY_STATUS(set_option(tally, std::string_view(option).substr(0, equals),
                                   std::string_view(option).substr(equals + 1)));
  }
  return tally;
}

Result<Verdict> check_tally(const History& history, const Tally& tally) {
  switch (tally.kind) {
    case Tally::Kind::kBank: return check_banks(history, tally);
    case Tally::Kind::kCounter: return check_counter(history);
    case Tally::Kind::kSet: return check_set(history, false);
    case Tally::Kind::kSetFull: return check_set(history, true);
    case Tally::Kind::kLongFork: return check_long_fork(history);
    case Tally::Kind::kMonotonic: return check_monotonic(history, tally.order);
  }
  return fail(ErrorCode::kInvalidArgument, "expected a known tally");
}

}  // namespace lockstep::reports
