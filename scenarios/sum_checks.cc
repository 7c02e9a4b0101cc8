// Each read against the bounds of each number that it shows.
#include "scenarios/sum_checks.h"

#include <map>
#include <optional>

#include "base/text.h"
#include "reports/evidence.h"
#include "reports/render.h"
#include "scenarios/balance.h"

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::Operation;

bool has_key(const Operation& operation, const std::string& key) {
  const std::string* own = operation.key.as_text();
  return own != nullptr && *own == key;
}

bool is_answered_read(const Operation& operation) {
  return (operation.f == "read" || operation.f == "local-read") && operation.completion == Completion::kOk;
}

std::string who(const Operation& operation) {
  return cat("the read of ", *operation.key.as_text(), " by process ", operation.process, " at ",
             reports::readable(Duration(operation.invoked.time_ns)));
}

std::optional<std::string> misfit(Balance& balance, const Operation& read, std::int64_t found) {
  const auto [least, most] = balance.bounds(read, read.f == "local-read");
  if (found >= least && found <= most) return std::nullopt;
  return cat("found ", found, ", expected ", least, least == most ? "" : cat(" to ", most));
}

class Bank {
 public:
  explicit Bank(const BankRules& rules) : rules_(rules), accounts_(rules.accounts, Balance(rules.balance)) {}

  void note_transfer(const Operation& operation) {
    was_opened_ = true;  // clients wait for that
    std::map<std::string, std::int64_t> members;
    for (const auto& [name, value] : *operation.argument.as_object()) members[name] = *value.as_integer();
    accounts_.at(static_cast<std::size_t>(members["from"])).add(operation, -members["amount"]);
    accounts_.at(static_cast<std::size_t>(members["to"])).add(operation, members["amount"]);
  }

  void note_read(const Operation& read) { was_opened_ |= !read.result.as_array()->empty(); }

  // A sentence if the read is wrong.
  std::optional<std::string> fault_of(const Operation& read) {
    const auto& found = *read.result.as_array();
    // What a replica has by itself may be from before the bank was opened, and a cluster that writes nothing
    // never opens it.
    if (found.empty() && (read.f == "local-read" || !was_opened_)) return std::nullopt;
    if (found.size() != accounts_.size())
      return cat("found ", found.size(), " accounts, expected ", accounts_.size());
    std::int64_t total = 0;
    std::optional<std::string> fault;
    for (std::size_t account = 0; account < found.size(); ++account) {
      const auto& pair = *found[account].as_array();
      const std::int64_t balance = *pair[1].as_integer();
      total += balance;
      if (fault) continue;
      if (*pair[0].as_integer() != static_cast<std::int64_t>(account))
        fault = cat("misses account ", account);
      if (balance < 0) fault = cat("found ", balance, " in account ", account);
      if (const auto wrong = misfit(accounts_[account], read, balance); wrong && !fault)
        fault = cat(*wrong, " in account ", account);
    }
    const std::int64_t expected = std::int64_t{rules_.accounts} * rules_.balance;
    if (total != expected) return cat("found ", total, " in all accounts together, expected ", expected);
    return fault;
  }

 private:
  BankRules rules_;
  std::vector<Balance> accounts_;
  bool was_opened_ = false;
};

}  // namespace

reports::Verdict check_banks(const reports::History& history, const std::vector<BankRules>& banks) {
  reports::Verdict verdict{
      .name = "bank",
      .promise =
          "every read sees the same total and no account below zero, and each account has "
          "what the transfers account for",
      .outcome = reports::Outcome::kHolds,
      .checked = {},
      .evidence = {}};
  std::uint64_t reads = 0;
  std::uint64_t transfers = 0;
  reports::Evidence wrong;
  for (const BankRules& rules : banks) {
    Bank bank(rules);
    for (const Operation& operation : history.operations()) {
      if (!has_key(operation, rules.key)) continue;
      if (is_answered_read(operation)) bank.note_read(operation);
      if (operation.f != "transfer") continue;
      bank.note_transfer(operation);
      transfers += operation.completion == Completion::kOk ? 1 : 0;
    }
    for (const Operation& operation : history.operations()) {
      if (!is_answered_read(operation) || !has_key(operation, rules.key)) continue;
      ++reads;
      if (const auto fault = bank.fault_of(operation)) wrong.add(cat(who(operation), " ", *fault));
    }
  }
  verdict.checked = {{"reads", reads}, {"transfers", transfers}};
  wrong.conclude(verdict);
  return verdict;
}

reports::Verdict check_counters(Promise promise, const reports::History& history, const std::string& prefix) {
  reports::Verdict verdict{.name = std::move(promise.name),
                           .promise = std::move(promise.sentence),
                           .outcome = reports::Outcome::kHolds,
                           .checked = {},
                           .evidence = {}};
  std::map<std::string, Balance> counters;
  const auto counter_of = [&](const Operation& operation) -> Balance* {
    const std::string* key = operation.key.as_text();
    return key != nullptr && key->starts_with(prefix) ? &counters[*key] : nullptr;
  };
  for (const Operation& operation : history.operations())
    if (Balance* counter = counter_of(operation); counter != nullptr && operation.f == "add")
      counter->add(operation, *operation.argument.as_integer());
  std::uint64_t reads = 0;
  reports::Evidence wrong;
  for (const Operation& operation : history.operations()) {
    Balance* counter = is_answered_read(operation) ? counter_of(operation) : nullptr;
    if (counter == nullptr) continue;
    ++reads;
    const std::int64_t* found = operation.result.as_integer();
    const auto fault = found != nullptr ? misfit(*counter, operation, *found)
                                        : std::optional(cat("found ", to_json(operation.result)));
    if (fault) wrong.add(cat(who(operation), " ", *fault));
  }
  verdict.checked = {{"reads", reads}, {"counters", counters.size()}};
  wrong.conclude(verdict);
  return verdict;
}

}  // namespace lockstep::scenarios
