// Which checks the kinds of workloads ask for, and on what they are done.
#include "scenarios/judges.h"

#include <algorithm>

#include "base/check.h"
#include "reports/durability.h"
#include "reports/linearizability/check.h"
#include "reports/transactions/check.h"
#include "scenarios/bank_client.h"
#include "scenarios/contents_check.h"
#include "scenarios/mixed_sql_client.h"
#include "scenarios/session_checks.h"
#include "scenarios/set_client.h"
#include "scenarios/sum_checks.h"

namespace lockstep::scenarios {
namespace {

using reports::History;
using reports::Outcome;
using reports::Verdict;

template <class Kind>
bool has(const Scenario& scenario) {
  return std::ranges::any_of(scenario.workload,
                             [](const Workload& workload) { return std::holds_alternative<Kind>(workload); });
}

// What each workload of this kind is called in the history.
template <class Kind, class Client>
std::vector<std::string> keys_of(const Scenario& scenario) {
  std::vector<std::string> keys;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position)
    if (std::holds_alternative<Kind>(scenario.workload[position])) keys.push_back(Client::key_name(position));
  return keys;
}

Verdict judge_registers(const reports::History& history) {
  const reports::History registers = registers_of(history);
  linearizability::ModelOptions model;
  model.observe_failed_cas = false;
  // Some seconds of work; a history that needs more is answered with unknown.
  const linearizability::Limits limits{.configurations = 5'000'000, .bytes = 1ull << 30};
  const auto findings = linearizability::check(registers, model, limits);
  CHECK(findings.has_value(), findings.error().message);
  return linearizability::verdict(registers, model, *findings);
}

Verdict judge_durability(const reports::History& history, const EndPhase& end, const Scenario& scenario) {
  Verdict verdict{
      .name = "durability", .promise = {}, .outcome = Outcome::kHolds, .checked = {}, .evidence = {}};
  bool acknowledged = false;
  std::uint64_t allowed = scenario.expect.lost_writes;
  for (const std::string& table : written_tables(scenario)) {
    const auto writes = writes_of(history, table);
    const auto contents = end.contents(table);
    // Who is left of a cluster that has stopped may be one that never heard of them; it may hold nothing
    // else.
    std::uint64_t all = writes.size();
    Verdict of_table = reports::check_durability(writes, contents, end.has_stopped() ? all : allowed);
    verdict.promise = of_table.promise;
    if (end.has_stopped() && contents.empty()) {
      of_table.outcome = Outcome::kHolds;
      of_table.evidence.clear();
    }
    const bool has_acknowledged = std::any_of(writes.begin(), writes.end(), [](const auto& write) {
      return write.completion == reports::Completion::kOk;
    });
    acknowledged |= has_acknowledged;
    // A table that nothing was written to says nothing, as long as another one does.
    if (has_acknowledged || of_table.outcome == Outcome::kViolated) {
      verdict.outcome = reports::worst(verdict.outcome, of_table.outcome);
      for (auto& line : of_table.evidence) verdict.evidence.push_back(std::move(line));
    }
    if (verdict.checked.empty()) {
      verdict.checked = of_table.checked;
    } else {
      for (std::size_t i = 0; i < verdict.checked.size(); ++i)
        verdict.checked[i].count += of_table.checked[i].count;
    }
  }
  if (!acknowledged && verdict.outcome == Outcome::kHolds) {
    verdict.outcome = Outcome::kVacuous;
    verdict.evidence.push_back("no write was acknowledged");
  }
  if (end.has_stopped())
    verdict.excused.push_back("the cluster has stopped: who is left need not hold all that was acknowledged");
  return verdict;
}

Verdict judge_banks(const Scenario& scenario, const History& history) {
  std::vector<BankRules> banks;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position)
    if (const auto* bank = std::get_if<BankWorkload>(&scenario.workload[position]))
      banks.push_back(
          {.key = BankClient::key_name(position), .accounts = bank->accounts, .balance = bank->balance});
  return check_banks(history, banks);
}

Verdict judge_sets(const Scenario& scenario, const History& history) {
  return check_contents(
      {"set",
       "a read of a set has each element once, none that nobody had added, and a linearizable one "
       "every element acknowledged before it began"},
      history, keys_of<SetWorkload, SetClient>(scenario));
}

Verdict judge_counters(const History& history) {
  return check_counters(
      {"counter", "a read of a counter lies between what had been added for certain and what may have been"},
      history, "counter/");
}

Verdict judge_lists(const History& history) {
  const auto model = transactions::parse_model("strong-serializable", {});
  CHECK(model.has_value(), model.error().message);
  const History lists = transactions_of(history);
  const auto findings = transactions::check(lists, *model);
  CHECK(findings.has_value(), findings.error().message);
  Verdict verdict = transactions::verdict(*model, *findings);
  verdict.name = "list-append";
  return verdict;
}

Verdict judge_mixed_sql(const Scenario& scenario, const History& history) {
  return check_contents(
      {"mixed-sql",
       "rows are there with all that was written with them or not at all, and say the same as what "
       "triggers wrote down about them"},
      history, keys_of<MixedSqlWorkload, MixedSqlClient>(scenario));
}

Verdict judge_slow_reads(const History& history) {
  return check_counters(
      {"slow-reads", "a long read sees all rows as they were at one moment, and not an old one"}, history,
      "slow/");
}

// Something grows there, and linearizable reads look at it.
bool has_sessions(const Scenario& scenario) {
  return std::ranges::any_of(scenario.workload, [](const Workload& workload) {
    return std::visit(
        []<class Kind>(const Kind& kind) {
          constexpr bool kGrows =
              std::is_same_v<Kind, VersionedWrites> || std::is_same_v<Kind, SetWorkload> ||
              std::is_same_v<Kind, CounterWorkload> || std::is_same_v<Kind, MixedSqlWorkload> ||
              std::is_same_v<Kind, SlowReadWorkload>;
          if constexpr (kGrows) {
            return kind.read_level == ReadLevel::kLinearizable && kind.reads.parts_per_million > 0;
          } else {
            return false;
          }
        },
        workload);
  });
}

}  // namespace

std::vector<Verdict> judge_clients(const Scenario& scenario, const RunBook& book, const EndPhase& end) {
  const History& history = book.history();
  std::vector<Verdict> verdicts;
  if (scenario.expect.linearizable && has<RegisterWorkload>(scenario))
    verdicts.push_back(judge_registers(history));
  if (const auto tables = written_tables(scenario); !tables.empty()) {
    verdicts.push_back(judge_durability(history, end, scenario));
    verdicts.push_back(check_reads(history, tables));
    verdicts.push_back(check_versions(history, end.versions()));
  }
  if (has<BankWorkload>(scenario)) verdicts.push_back(judge_banks(scenario, history));
  if (has<SetWorkload>(scenario)) verdicts.push_back(judge_sets(scenario, history));
  if (has<CounterWorkload>(scenario)) verdicts.push_back(judge_counters(history));
  if (has<ListAppendWorkload>(scenario)) verdicts.push_back(judge_lists(history));
  if (has<MixedSqlWorkload>(scenario)) verdicts.push_back(judge_mixed_sql(scenario, history));
  if (has<SlowReadWorkload>(scenario)) verdicts.push_back(judge_slow_reads(history));
  if (has_sessions(scenario))
    for (Verdict& verdict : check_sessions(history, book.clients())) verdicts.push_back(std::move(verdict));
  return verdicts;
}

}  // namespace lockstep::scenarios
