// The steps of a judgement: translate, observe, order versions, link, look for cycles, search where that says
// nothing.
#include "reports/transactions/check.h"

#include <algorithm>

#include "base/join.h"
#include "base/text.h"
#include "reports/transactions/dependencies.h"
#include "reports/transactions/explain.h"
#include "reports/transactions/guarantees.h"
#include "reports/transactions/observations.h"
#include "reports/transactions/weak_levels.h"

namespace lockstep::transactions {

namespace {

using reports::Outcome;

constexpr Levels kWeakLevels = kReadCommitted | kRepeatableReadRr | kReadAtomic | kCausal;

class Judge {
 public:
  Judge(const Model& model, const Limits& limits) : model_(model), limits_(limits) {}

  Result<Findings> run(const reports::History& history) {
    LOCKSTEP_TRY(all, translate(history, findings_.log));
    describe(all);
    observe(all, {model_.unwritten_values_allowed}, findings_.log);
    VersionOrder order;
    if (all.workload == Workload::kRegister) order = order_versions(all);
    if (model_.order >= Order::kSession) check_guarantees(all, order, findings_.log);
    DependencyGraph graph(static_cast<std::uint32_t>(all.transactions.size()));
    add_data_dependencies(all, order, graph);
    findings_.dependencies = graph.edges().size();
    if (model_.order >= Order::kSession) add_session_order(all, graph);
    if (model_.order == Order::kRealtime) add_realtime_order(all, graph);
    look_for_cycles(all, graph);
    const bool weak = weak_levels(all, graph);
    sum_up();
    if (!violated() && model_.exact) search(all, graph);
    decide(all, weak);
    return std::move(findings_);
  }

 private:
  void describe(const Transactions& all) {
    findings_.workload = all.workload;
    findings_.keys = all.keys.size();
    findings_.transactions = static_cast<std::uint64_t>(
        std::count_if(all.transactions.begin(), all.transactions.end(),
                      [](const Transaction& t) { return t.happened && t.operation != kNone; }));
  }

  VersionOrder order_versions(const Transactions& all) {
    const VersionSources sources{model_.writes_follow_reads, model_.session_keys, model_.realtime_keys};
    const Anomaly contradiction = AnomalyLog::known("cyclic-versions");
    VersionOrder order = infer_version_order(all, sources, contradiction, findings_.log);
    // From causal consistency upwards sessions, and in real time keys, never go back; a key that did is
    // reported as such, but the order is not taken for one that the data show.
    const Levels forward = at_least(kCausal) | at_least(kRepeatableRead);
    if (model_.order == Order::kNone || model_.levels == 0 || (model_.levels & ~forward) != 0 ||
        findings_.log.has("cyclic-versions"))
      return order;
    const VersionSources stricter{sources.writes_follow_reads, true, model_.order == Order::kRealtime};
    infer_version_order(all, stricter,
                        {.name = "cyclic-versions", .rules_out = forward, .order = model_.order},
                        findings_.log);
    return order;
  }

  void look_for_cycles(const Transactions& all, const DependencyGraph& graph) {
    const CycleFindings found = find_cycles(graph, model_.order, limits_.cycles);
    for (const NamedCycle& cycle : found.cycles) {
      findings_.log.add(cycle.name, [&] { return prove(all, cycle); });
    }
    for (int order = 0; order < 3; ++order) findings_.ruled_out[order] = found.verdicts.ruled_out[order];
    findings_.components = found.components;
    findings_.largest_component = found.largest;
  }

  // Only where somebody asks: lists are decided by their cycles from snapshot isolation upwards.
  bool weak_levels(const Transactions& all, const DependencyGraph& graph) {
    const bool asked = (model_.levels & kWeakLevels) != 0 || !model_.anomalies.empty() ||
                       all.workload == Workload::kRegister;
    if (!asked || !model_.exact) return true;
    bool decided = check_weak_levels(all, graph, Order::kNone, findings_.log);
    if (model_.order >= Order::kSession)
      decided &= check_weak_levels(all, graph, Order::kSession, findings_.log);
    return decided;
  }

  void sum_up() {
    for (const Anomaly& anomaly : findings_.log.kept()) {
      for (int order = static_cast<int>(anomaly.order); order < 3; ++order)
        findings_.ruled_out[order] |= anomaly.rules_out;
    }
    for (int order = 1; order < 3; ++order) findings_.ruled_out[order] |= findings_.ruled_out[order - 1];
  }

  bool violated() const {
    if (findings_.ruled_out[static_cast<int>(model_.order)] & model_.levels) return true;
    return std::any_of(model_.anomalies.begin(), model_.anomalies.end(),
                       [&](const std::string& name) { return findings_.log.has(name); });
  }

  // The exact search, from the weakest level that was asked for: what rules out a weaker one rules out the
  // others.
  void search(const Transactions& all, const DependencyGraph& graph) {
    const std::string_view suffix = model_.order == Order::kNone      ? ""
                                    : model_.order == Order::kSession ? "-process"
                                                                      : "-realtime";
    const bool lists = all.workload == Workload::kListAppend;
    for (const auto& [level, asked, name] :
         {std::tuple{kPrefix, Levels(kPrefix), std::string_view("no-prefix-order")},
          std::tuple{kSnapshot, Levels(kSnapshot), std::string_view("no-snapshot-order")},
          std::tuple{kSerializable, Levels(kSerializable | kRepeatableRead),
                     std::string_view("no-serial-order")}}) {
      if ((model_.levels & asked) == 0) continue;
      if (lists && level == kSerializable)
        continue;  // without cycles any topological order explains every answer
      const PolygraphFindings found = solve(all, graph, level, limits_.polygraph);
      if (found.outcome == Outcome::kViolated)
        findings_.log.add(cat(name, suffix), [&] { return found.proof; });
      if (found.outcome == Outcome::kUnknown && !lists) findings_.unknown_because = found.unknown_because;
    }
    sum_up();
  }

  void decide(const Transactions& all, bool weak_levels_decided) {
    if (violated()) {
      findings_.outcome = Outcome::kViolated;
      return;
    }
    if (!weak_levels_decided && (model_.levels & (at_least(kCausal) | kCausal)))
      findings_.unknown_because = "too many processes to decide causal consistency";
    if (!model_.anomalies.empty() && all.workload == Workload::kRegister && findings_.dependencies == 0)
      findings_.unknown_because = "nothing tells the order of any two transactions";
    if (findings_.transactions == 0)
      findings_.unknown_because = "no transaction happened: there is nothing to judge";
    if (!findings_.unknown_because.empty()) findings_.outcome = Outcome::kUnknown;
  }

  const Model& model_;
  const Limits limits_;
  Findings findings_;
};

}  // namespace

Result<Findings> check(const reports::History& history, const Model& model, const Limits& limits) {
  return Judge(model, limits).run(history);
}

reports::Verdict verdict(const Model& model, const Findings& findings) {
  reports::Verdict verdict;
  verdict.name = model.name;
  verdict.promise = model.promise;
  verdict.outcome = findings.outcome;
  verdict.checked = {{"transactions", findings.transactions},
                     {"keys", findings.keys},
                     {"dependencies", findings.dependencies}};
  verdict.ruled_out = weakest(findings.ruled_out);
  for (const auto& [name, count] : findings.log.counts()) verdict.anomalies.push_back(name);
  if (!findings.unknown_because.empty())
    verdict.evidence.push_back(cat("not decided: ", findings.unknown_because));
  if (!verdict.ruled_out.empty())
    verdict.evidence.push_back(
        cat("ruled out, and with it whatever is stronger: ", joined(verdict.ruled_out)));
  if (findings.components > 0)
    verdict.evidence.push_back(cat(findings.components, findings.components == 1 ? " knot" : " knots",
                                   " of transactions that precede each other, the largest of ",
                                   findings.largest_component));
  if (findings.outcome == Outcome::kViolated && findings.log.kept().empty())
    verdict.evidence.push_back("a forbidden cycle exists; the limit came before one could be named");
  const bool holds = findings.outcome == Outcome::kHolds;
  if (holds && !findings.log.kept().empty())
    verdict.evidence.push_back(cat(model.name, " holds; it allows what follows, which stronger models do not:"));
  for (const Anomaly& anomaly : findings.log.kept()) {
    const std::uint64_t count = findings.log.counts().at(anomaly.name);
    verdict.evidence.push_back(
        cat(anomaly.name, count > 1 ? cat(" (one of ", count, ")") : std::string(), ":"));
    for (const std::string_view line : anomaly.proof) {
      constexpr std::string_view kContradiction = ": a contradiction";
      const bool is_allowed = holds && line.ends_with(kContradiction);
      verdict.evidence.push_back(is_allowed ? cat("  ", line.substr(0, line.size() - kContradiction.size()), ", in circles")
                                            : cat("  ", line));
    }
  }
  return verdict;
}

}  // namespace lockstep::transactions
