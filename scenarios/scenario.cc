// The scenario's own arithmetic, and its way back into the language.
#include "scenarios/scenario.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace lockstep::scenarios {
namespace {

using Json = nlohmann::ordered_json;

template <class... Cases>
struct Visitor : Cases... {
  using Cases::operator()...;
};

const Load* load_of(const Workload& workload) {
  if (const auto* reg = std::get_if<RegisterWorkload>(&workload)) return &reg->load;
  if (const auto* writes = std::get_if<VersionedWrites>(&workload)) return &writes->load;
  return nullptr;
}

Json json_of(const Cluster& cluster) {
  return {{"nodes", cluster.nodes},
          {"election_timeout", to_string(cluster.election_timeout)},
          {"heartbeat_interval", to_string(cluster.heartbeat_interval)},
          {"write_mode", to_string(cluster.write_mode)},
          {"pause_before_commit", to_string(cluster.pause_before_commit)},
          {"prepare_timeout", to_string(cluster.prepare_timeout)},
          {"batch",
           {{"max_entries", cluster.batch.max_entries},
            {"max_bytes", cluster.batch.max_bytes},
            {"max_delay", to_string(cluster.batch.max_delay)}}},
          {"drop_prefix_entries", cluster.drop_prefix_entries}};
}

Json json_of(const Network& network) {
  return {{"latency", json_of(network.latency)},
          {"loss", json_of(network.loss)},
          {"duplicate", json_of(network.duplicate)},
          {"reorder", json_of(network.reorder)}};
}

void put(Json& out, const Load& load) {
  out["clients"] = load.clients;
  std::visit(Visitor{[&](const Think& think) { out["think"] = to_string(think.time); },
                     [&](const Rate& rate) {
                       out["rate"] = cat(rate.count, rate.period == std::chrono::seconds(1) ? "/s" : "/m");
                     }},
             load.pacing);
  out["start"] = to_string(load.start);
  out["for"] = to_string(load.lasting);
  if (load.ops) out["ops"] = *load.ops;
  out["timeout"] = to_string(load.timeout);
}

Json json_of(const RegisterWorkload& workload) {
  Json out{{"kind", "register"}};
  put(out, workload.load);
  out["keys"] = workload.keys;
  out["reads"] = json_of(workload.reads);
  out["cas"] = json_of(workload.cas);
  out["read_level"] = to_string(workload.read_level);
  return out;
}

Json json_of(const VersionedWrites& workload) {
  Json out{{"kind", "versioned_writes"}};
  put(out, workload.load);
  out["tables"] = workload.tables;
  out["statements"] = workload.statements;
  out["pipeline"] = workload.load.pipeline;
  out["reads"] = json_of(workload.reads);
  out["breaking"] = json_of(workload.breaking);
  out["read_level"] = to_string(workload.read_level);
  return out;
}

Json json_of(const Verify& verify) {
  return {{"kind", "verify"},
          {"start", to_string(verify.start)},
          {"rounds", verify.rounds},
          {"every", to_string(verify.every)},
          {"timeout", to_string(verify.timeout)},
          {"read_level", to_string(verify.read_level)}};
}

Json json_of(const Expect& expect) {
  return {{"linearizable", expect.linearizable},
          {"lost_writes", expect.lost_writes},
          {"converged", expect.converged},
          {"min_ok", expect.min_ok},
          {"in_pause_window", expect.in_pause_window}};
}

}  // namespace

std::uint32_t client_count(const Workload& workload) {
  const Load* load = load_of(workload);
  return load == nullptr ? 1 : load->clients;
}

Duration start_of(const Workload& workload) {
  const Load* load = load_of(workload);
  return load == nullptr ? std::get<Verify>(workload).start : load->start;
}

Duration end_of(const Workload& workload) {
  if (const Load* load = load_of(workload)) return load->start + load->lasting;
  const Verify& verify = std::get<Verify>(workload);
  return verify.start + verify.rounds * verify.every;
}

std::uint32_t client_count(const Scenario& scenario) {
  std::uint32_t count = 0;
  for (const Workload& workload : scenario.workload) count += client_count(workload);
  return count;
}

Duration workloads_end(const Scenario& scenario) {
  Duration end{};
  for (const Workload& workload : scenario.workload) end = std::max(end, end_of(workload));
  return end;
}

std::string_view to_string(System system) {
  return system == System::kStandaloneSql ? "standalone-sql" : "raft-sql";
}
std::string_view to_string(WriteMode mode) { return mode == WriteMode::kQuorum ? "quorum" : "strong"; }
std::string_view to_string(ReadLevel level) {
  return level == ReadLevel::kLinearizable ? "linearizable" : "local";
}
std::string_view to_string(Budget budget) { return budget == Budget::kAtlas ? "atlas" : "unlimited"; }
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
  Json& workloads = out["workload"] = Json::array();
  for (const Workload& workload : scenario.workload) {
    workloads.push_back(std::visit([](const auto& kind) { return json_of(kind); }, workload));
  }
  Json& faults = out["faults"] = Json::array();
  for (const Fault& fault : scenario.faults) faults.push_back(json_of(fault));
  out["finally"] = {{"heal", to_string(scenario.finally.heal)},
                    {"converge_within", to_string(scenario.finally.converge_within)}};
  out["expect"] = json_of(scenario.expect);
  return out;
}

}  // namespace lockstep::scenarios
