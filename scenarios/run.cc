// Phases of a run, and how its evidence becomes verdicts.
#include "scenarios/run.h"

#include <algorithm>
#include <span>

#include "base/check.h"
#include "base/join.h"
#include "core/replica/events.h"
#include "reports/render.h"
#include "scenarios/availability.h"
#include "scenarios/end_phase.h"
#include "scenarios/field_watch.h"
#include "scenarios/judges.h"
#include "scenarios/outages.h"
#include "scenarios/rare_events.h"
#include "scenarios/replica_facts.h"
#include "scenarios/simulated_stage.h"
#include "scenarios/witness.h"
#include "scenarios/workload_client.h"

namespace lockstep::scenarios {
namespace {

using reports::Outcome;
using reports::Verdict;

constexpr Duration kSchemaTimeout = std::chrono::minutes(10);

// The steward creates the tables one after another, then the workloads may begin.
class SchemaSetup {
 public:
  SchemaSetup(Cast& cast, std::vector<std::string> statements)
      : cast_(cast), statements_(std::move(statements)) {}

  void next() {
    if (stopped_) return;
    if (done_ == statements_.size()) {
      cast_.book().schema_ready = true;
      return;
    }
    cast_.steward().write({make_statement(statements_[done_])}, {}, kSchemaTimeout,
                          [this](const client::Completion& completion) {
                            if (ending_of_write(completion).completion == reports::Completion::kOk) ++done_;
                            next();
                          });
  }

  // Too late: no workload waits for the tables any more.
  void stop() { stopped_ = true; }

 private:
  Cast& cast_;
  std::vector<std::string> statements_;
  std::size_t done_ = 0;
  bool stopped_ = false;
};

class ElectionCount final : public Observer {
 public:
  const reports::Elections& counts() const { return counts_; }

 private:
  void on_event(const Observation& observation) override {
    const raft::Role role = RoleChange(observation.event).role;
    if (role == raft::Role::kCandidate) ++counts_.candidacies;
    if (role == raft::Role::kLeader) ++counts_.leaders;
  }
  reports::Elections counts_;
};

Verdict judge_pause_window(const Scenario& scenario, const Nemesis& nemesis) {
  Verdict verdict{.name = "pause-window",
                  .promise = "the named faults struck between a durable Prepare and its decision",
                  .outcome = Outcome::kHolds,
                  .checked = {{"faults", scenario.expect.in_pause_window.size()}},
                  .evidence = {}};
  for (const std::uint32_t fault : scenario.expect.in_pause_window) {
    if (!nemesis.skipped(fault).empty()) continue;
    const bool inside =
        std::any_of(nemesis.strikes().begin(), nemesis.strikes().end(),
                    [&](const auto& strike) {
                      return strike->fault == fault && strike->in_pause_window && strike->effects > 0;
                    });
    if (!inside) verdict.evidence.push_back(cat("fault ", fault, " did not strike inside the window"));
  }
  // The run missed what it was made for; the system did nothing wrong.
  if (!verdict.evidence.empty()) verdict.outcome = Outcome::kVacuous;
  return verdict;
}

void append_hosts(std::string& text, const std::vector<NodeId>& hosts) {
  for (const NodeId host : hosts) text += cat(' ', Roster::name(host));
}

bool is_one_way(const Action& action) {
  return std::visit(
      [](const auto& verb) {
        if constexpr (requires { verb.between; }) return verb.between.one_way;
        return false;
      },
      action);
}

std::string describe(const Strike& strike, bool one_way) {
  std::string text = cat("at ", reports::readable(strike.at));
  if (strike.until) text += cat(" until ", reports::readable(*strike.until));
  if (!strike.hosts.empty() || !strike.groups.empty()) text += ":";
  append_hosts(text, strike.hosts);
  for (std::size_t group = 0; group < strike.groups.size(); ++group) {
    if (group > 0) text += one_way ? " ->" : " |";
    if (strike.groups[group].empty()) text += " nobody";
    append_hosts(text, strike.groups[group]);
  }
  if (!strike.withheld.empty()) {
    text += "; withheld, beyond the budget:";
    append_hosts(text, strike.withheld);
  }
  if (strike.missed) text += " (nobody held a named role then)";
  if (!strike.spared.empty()) text += cat(" (", joined(strike.spared), ")");
  const bool is_explained = strike.missed || !strike.withheld.empty() || !strike.spared.empty();
  if (strike.effects == 0 && !is_explained) text += " (without effect)";
  return text;
}

// What a fault that never struck had waited for.
std::string missed_anchor(const Trigger& trigger, std::uint64_t seen) {
  std::string text = "never struck: ";
  if (const auto* event = std::get_if<AtEvent>(&trigger)) {
    text += cat("anchor missed, the event ", event->event);
    if (event->from) text += cat(" of ", to_string(*event->from));
    if (event->to) text += cat(" about ", to_string(*event->to));
    return text + cat(" came ", seen, " times of ", event->nth);
  }
  if (const auto* probe = std::get_if<AtProbe>(&trigger)) {
    text += cat("anchor missed, the probe ", probe->probe, " was reached ");
    if (probe->node) text += cat("by ", to_string(*probe->node), " ");
    return text + cat(seen, " times of ", probe->nth);
  }
  if (const auto* after = std::get_if<AfterFault>(&trigger))
    return text + cat("fault ", after->fault, ", which it follows, did not strike");
  return text + "its trigger did not come";
}

std::vector<std::string> names_of(const std::vector<NodeId>& hosts) {
  std::vector<std::string> names;
  for (const NodeId host : hosts) names.push_back(Roster::name(host));
  return names;
}

reports::FaultStrike recorded(const Strike& strike, bool one_way) {
  reports::FaultStrike record{.at = strike.at, .until = strike.until, .hosts = names_of(strike.hosts)};
  record.one_way = one_way && strike.groups.size() == 2;
  for (const auto& group : strike.groups) record.groups.push_back(names_of(group));
  return record;
}

// What of a plant breaks.
std::string describe(const Breakdown& breakdown) {
  return cat(breakdown.device.empty() ? "every device" : breakdown.device, ", ",
             breakdown.part.empty() ? "every part" : breakdown.part, ": ");
}

std::vector<reports::FaultRecord> fault_records(const Scenario& scenario, const Nemesis& nemesis) {
  constexpr std::size_t kMostDescribed = 3;
  std::vector<reports::FaultRecord> records;
  for (std::size_t fault = 0; fault < scenario.faults.size(); ++fault) {
    reports::FaultRecord record{.kind = std::string(verb_of(scenario.faults[fault].action)),
                                .description = {},
                                .fired = nemesis.effects(fault),
                                .skipped = nemesis.skipped(fault)};
    if (const auto* breakdown = std::get_if<Breakdown>(&scenario.faults[fault].action))
      record.description = describe(*breakdown);
    std::size_t count = 0;
    const bool one_way = is_one_way(scenario.faults[fault].action);
    for (const auto& strike : nemesis.strikes()) {
      if (strike->fault != fault) continue;
      if (strike->effects > 0) record.strikes.push_back(recorded(*strike, one_way));
      if (++count > kMostDescribed) continue;
      if (count > 1) record.description += "; ";
      record.description += describe(*strike, one_way);
    }
    if (count > kMostDescribed) record.description += cat("; and ", count - kMostDescribed, " more");
    if (count == 0)
      record.description = missed_anchor(scenario.faults[fault].trigger, nemesis.anchor_seen(fault));
    records.push_back(std::move(record));
  }
  return records;
}

void add_throughput(reports::Report& report, const reports::History& history) {
  constexpr std::int64_t kBuckets = 60;
  report.throughput_bucket = report.simulated / kBuckets + Duration(1);
  report.throughput.assign(kBuckets, 0);
  for (const reports::Operation& operation : history.operations())
    if (operation.completion == reports::Completion::kOk)
      ++report.throughput[static_cast<std::size_t>(operation.returned.time_ns /
                                                   report.throughput_bucket.count())];
}

Coverage coverage_of(const Scenario& scenario, const Nemesis& nemesis, const RareEvents& rare_events) {
  Coverage coverage{.rare_events = rare_events.counts(), .struck = {}};
  for (const auto& strike : nemesis.strikes()) {
    if (strike->effects == 0) continue;
    auto& in = coverage.struck[std::string(verb_of(scenario.faults[strike->fault].action))];
    for (const Condition condition : strike->conditions) ++in[std::string(to_string(condition))];
  }
  return coverage;
}

// Until every client has come to its end; their operations have timeouts, so they do.
void run_workloads(Stage& stage, const RunBook& book, const Scenario& scenario, const RunOptions& options) {
  constexpr Duration kStride = std::chrono::seconds(1);
  const Duration end = workloads_end(scenario);
  for (Duration until = std::min(kStride, end);; until = std::min(until + kStride, end)) {
    stage.run_until(until);
    if (options.progress) options.progress(until, end);
    if (until == end) break;
  }
  stage.run_while([&book] { return book.busy_clients > 0; });
}

// What was missed may be what would explain what was seen.
Verdict doubted(Verdict verdict, const std::string& gap) {
  if (gap.empty()) return verdict;
  verdict.outcome = Outcome::kUnknown;
  verdict.evidence.insert(verdict.evidence.begin(), gap);
  return verdict;
}

// What the faults broke, and who did not run.
std::vector<Outage> all_outages(const Scenario& scenario, const Nemesis& nemesis, const Uptime& uptime) {
  std::vector<Outage> outages = outages_of(scenario, nemesis);
  outages.insert(outages.end(), uptime.outages().begin(), uptime.outages().end());
  return outages;
}

Duration bound_of_service(const Scenario& scenario) {
  return under_loss(scenario.network,
                    std::max(scenario.expect.available_within, least_patience(scenario.cluster)));
}

// A strong write needs every node.
Quorums quorums_of(const Scenario& scenario, std::span<const Outage> outages) {
  const Cluster& cluster = scenario.cluster;
  const bool is_strong = cluster.consensus.write_mode == WriteMode::kStrong;
  return {roster_of(scenario).nodes(), is_strong ? cluster.nodes : cluster.nodes / 2 + 1, outages};
}

// After what broke its control, a plant needs time to come back.
constexpr Duration kPlantRecovery = std::chrono::seconds(30);

void judge_field(const Scenario& scenario, const FieldWatch& field, const EndPhase& end,
                 const Quorums& quorums, const std::string& gap, std::vector<Verdict>& verdicts) {
  verdicts.push_back(
      doubted(field.field_rests(*scenario.field, end.field_rested(),
                                under_loss(scenario.network, scenario.finally.converge_within)),
              gap));
  verdicts.push_back(doubted(field.envelope(quorums, kPlantRecovery), gap));
}

// Those that the cloud sends in this scenario and no hub may take.
std::optional<std::set<PackageName>> bad_packages_of(const Scenario& scenario) {
  if (!scenario.field) return std::nullopt;
  std::set<PackageName> bad;
  for (const Dispatch& sent : scenario.field->dispatch)
    if (!sent.rollback && sent.content != Content::kGood) bad.insert(name_of(*scenario.field, sent));
  return bad;
}

// A row only where it is violated: what else is said of such a run is of a slower world.
void judge_time(const Stage& stage, std::vector<Verdict>& verdicts) {
  const std::string sentence = stage.standstill();
  if (sentence.empty()) return;
  verdicts.insert(verdicts.begin(), {.name = "time-passes",
                                     .promise = "what happens at one instant comes to an end",
                                     .outcome = Outcome::kViolated,
                                     .checked = {},
                                     .evidence = {sentence}});
}

std::vector<Verdict> judge(const Scenario& scenario, const std::vector<Verdict>& of_events,
                           Verdict availability, const EndPhase& end, const Nemesis& nemesis,
                           const RunBook& book) {
  std::vector<Verdict> verdicts = judge_clients(scenario, book, end);
  verdicts.push_back(std::move(availability));
  verdicts.push_back(end.liveness());
  if (scenario.expect.converged && scenario.cluster.nodes > 1) verdicts.push_back(end.convergence());
  if (!scenario.expect.in_pause_window.empty()) verdicts.push_back(judge_pause_window(scenario, nemesis));
  verdicts.insert(verdicts.end(), of_events.begin(), of_events.end());
  return verdicts;
}

}  // namespace

Run play(const Scenario& scenario, const RunOptions& options, Cast& cast, Stage& stage) {
  Witness witness({.voters = scenario.cluster.nodes,
                   .edges = scenario.field ? scenario.field->edges : 0,
                   .is_replicated = scenario.system != System::kStandaloneSql,
                   .bad_packages = bad_packages_of(scenario)});
  Nemesis nemesis(stage, scenario, cast.roster(), options.seed);
  SchemaSetup schema(cast, schema_of(scenario));
  FieldWatch field(scenario.field ? &*scenario.field : nullptr, nemesis.damage());
  EndPhase end(stage, cast, nemesis, scenario.field ? &field : nullptr, scenario, options.seed);
  ElectionCount elections;
  Uptime uptime;
  RareEvents rare_events;
  RunBook& book = cast.book();
  if (options.observer != nullptr) stage.events().subscribe_all(*options.observer);
  witness.attend(stage.events());
  stage.events().subscribe(replica::kRoleChanged, elections);
  for (const env::EventType* type : uptime.listens_to()) stage.events().subscribe(*type, uptime);
  for (const env::EventType* type : rare_events.listens_to()) stage.events().subscribe(*type, rare_events);
  if (scenario.field)
    for (const env::EventType* type : field.listens_to()) stage.events().subscribe_early(*type, field);
  book.open([&stage] { return stage.now(); });

  nemesis.arm();
  stage.open();
  schema.next();
  run_workloads(stage, book, scenario, options);
  schema.stop();
  end.run();
  stage.close();

  Run run{.report = {},
          .history = book.history(),
          .elections = elections.counts(),
          .coverage = coverage_of(scenario, nemesis, rare_events),
          .fingerprint = {}};
  book.close();
  reports::Report& report = run.report;
  report.scenario = scenario.name;
  report.seed = options.seed;
  report.simulated = stage.now();
  report.operations = {.ok = book.count(reports::Completion::kOk),
                       .failed = book.count(reports::Completion::kFail),
                       .unknown = book.count(reports::Completion::kInfo)};
  report.elections = elections.counts();
  report.min_ok = scenario.expect.min_ok;
  report.idle_faults_allowed = scenario.expect.idle_faults == IdleFaults::kAllowed;
  add_throughput(report, run.history);
  report.faults = fault_records(scenario, nemesis);
  report.replicas = end.replicas();
  const std::vector<Outage> outages = all_outages(scenario, nemesis, uptime);
  const Quorums quorums = quorums_of(scenario, outages);
  Verdict availability = doubted(
      check_availability(quorums, bound_of_service(scenario), book.history(), book.clients()), stage.gap());
  report.verdicts =
      judge(scenario, witness.verdicts(stage.gap()), std::move(availability), end, nemesis, book);
  if (scenario.field) judge_field(scenario, field, end, quorums, stage.gap(), report.verdicts);
  judge_time(stage, report.verdicts);
  return run;
}

Run run_simulated(const Scenario& scenario, const RunOptions& options) {
  Cast cast(scenario);
  SimulatedStage stage(scenario, options.seed, cast);
  Run run = play(scenario, options, cast, stage);
  run.fingerprint = stage.recorder().fingerprint();
  run.report.trace_hash = run.fingerprint.hash;
  run.report.trace_events = run.fingerprint.events;
  return run;
}

}  // namespace lockstep::scenarios
