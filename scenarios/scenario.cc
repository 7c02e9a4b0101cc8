// The scenario's own arithmetic, and its way back into the language.
#include "scenarios/scenario.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace lockstep::scenarios {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Cluster& cluster) {
  Json out = Json::object();
  out["nodes"] = cluster.nodes;
  out.update(to_json(cluster.consensus));
  return out;
}

Json json_of(const Network& network) {
  return {{"latency", json_of(network.latency)},
          {"loss", json_of(network.loss)},
          {"duplicate", json_of(network.duplicate)},
          {"reorder", json_of(network.reorder)}};
}

Json json_of(const Expect& expect) {
  return {{"linearizable", expect.linearizable},
          {"lost_writes", expect.lost_writes},
          {"converged", expect.converged},
          {"available_within", to_string(expect.available_within)},
          {"min_ok", expect.min_ok},
          {"idle_faults", to_string(expect.idle_faults)},
          {"in_pause_window", expect.in_pause_window}};
}

}  // namespace

std::uint32_t client_count(const Scenario& scenario) {
  std::uint32_t count = 0;
  for (const Workload& workload : scenario.workload) count += client_count(workload);
  return count;
}

Duration under_loss(const Network& network, Duration bound) {
  constexpr std::uint32_t kPercent = 10'000;  // in parts per million
  const std::uint32_t percents = (network.loss.parts_per_million + kPercent - 1) / kPercent;
  return bound * (1 + percents);
}

Duration least_patience(const Cluster& cluster) {
  return 10 * cluster.consensus.election_timeout + 2 * cluster.consensus.pause_before_commit;
}

Duration workloads_end(const Scenario& scenario) {
  Duration end{};
  for (const Workload& workload : scenario.workload) end = std::max(end, end_of(workload));
  if (scenario.field) end = std::max(end, scenario.field->lasting);
  return end;
}

std::string_view to_string(System system) {
  switch (system) {
    case System::kRaftSql: return "raft-sql";
    case System::kStandaloneSql: return "standalone-sql";
    case System::kHub: return "hub";
  }
  return "";
}
std::string_view to_string(Budget budget) { return budget == Budget::kAtlas ? "atlas" : "unlimited"; }
std::string_view to_string(IdleFaults idle) { return idle == IdleFaults::kAllowed ? "allowed" : "vacuous"; }
std::string_view to_string(Heal heal) { return heal == Heal::kAll ? "all" : "quorum-then-all"; }

nlohmann::ordered_json to_json(const Scenario& scenario) {
  Json out{{"name", scenario.name},
           {"about", scenario.about},
           {"system", to_string(scenario.system)},
           {"seed", scenario.seed},
           {"cluster", json_of(scenario.cluster)},
           {"network", json_of(scenario.network)},
           {"disk", {{"sync", json_of(scenario.disk.sync)}, {"budget", to_string(scenario.disk.budget)}}},
           {"clocks",
            {{"max_offset", to_string(scenario.clocks.max_offset)},
             {"max_drift_ppm", scenario.clocks.max_drift_ppm}}}};
  if (scenario.field) out["field"] = json_of(*scenario.field);
  Json& workloads = out["workload"] = Json::array();
  for (const Workload& workload : scenario.workload) workloads.push_back(json_of(workload));
  Json& faults = out["faults"] = Json::array();
  for (const Fault& fault : scenario.faults) faults.push_back(json_of(fault));
  out["finally"] = {{"heal", to_string(scenario.finally.heal)},
                    {"converge_within", to_string(scenario.finally.converge_within)}};
  out["expect"] = json_of(scenario.expect);
  return out;
}

}  // namespace lockstep::scenarios
