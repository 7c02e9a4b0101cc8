// JSON with stable keys, in a stable order.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "reports/render.h"

namespace lockstep::reports {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Verdict& verdict) {
  Json checked = Json::object();
  for (const Measure& measure : verdict.checked) checked[measure.unit] = measure.count;
  Json json = {{"name", verdict.name},
               {"promise", verdict.promise},
               {"verdict", to_string(verdict.outcome)},
               {"checked", checked},
               {"evidence", verdict.evidence}};
  if (!verdict.excused.empty()) json["excused"] = verdict.excused;
  if (!verdict.anomalies.empty()) json["anomalies"] = verdict.anomalies;
  if (!verdict.ruled_out.empty()) json["ruled_out"] = verdict.ruled_out;
  return json;
}

Json json_of(const FaultStrike& strike) {
  Json json = {{"at_ns", strike.at.count()}};
  if (strike.until) json["until_ns"] = strike.until->count();
  if (!strike.hosts.empty()) json["hosts"] = strike.hosts;
  if (!strike.groups.empty()) json["groups"] = strike.groups;
  if (strike.one_way) json["one_way"] = true;
  return json;
}

Json json_of(const FaultRecord& fault) {
  Json json = {{"kind", fault.kind}, {"description", fault.description}, {"fired", fault.fired}};
  if (!fault.skipped.empty()) json["skipped"] = fault.skipped;
  Json& strikes = json["strikes"] = Json::array();
  for (const FaultStrike& strike : fault.strikes) strikes.push_back(json_of(strike));
  return json;
}

Json json_of(const Elections& elections) {
  return {{"candidacies", elections.candidacies}, {"leaders", elections.leaders}};
}

Json json_of(const Series& series) {
  Json ok = Json::array(), medians = Json::array();
  for (const Bucket& bucket : series.buckets) {
    ok.push_back(bucket.ok);
    medians.push_back(bucket.p50 ? Json(bucket.p50->count()) : Json());
  }
  return {{"bucket_ns", series.bucket.count()}, {"ok", ok}, {"p50_ns", medians}};
}

Json json_of(const WorldSummary& world) {
  Json verdicts = Json::object();
  for (const Verdict& verdict : world.verdicts) verdicts[verdict.name] = to_string(verdict.outcome);
  Json json = {{"verdict", to_string(world.outcome)},
               {"verdicts", verdicts},
               {"elections", json_of(world.elections)},
               {"operations",
                {{"ok", world.operations.ok},
                 {"failed", world.operations.failed},
                 {"unknown", world.operations.unknown}}},
               {"latency_ns",
                {{"p50", world.latency.p50.count()},
                 {"p90", world.latency.p90.count()},
                 {"p99", world.latency.p99.count()},
                 {"max", world.latency.max.count()}}}};
  if (!world.series.buckets.empty()) json["series"] = json_of(world.series);
  return json;
}

Json json_of(const ReplicaState& replica) {
  Json tables = Json::array();
  for (const TableState& table : replica.tables)
    tables.push_back({{"table", table.table}, {"version", table.version}, {"rows", table.rows}});
  return {{"replica", replica.replica},
          {"applied", replica.applied_index},
          {"digest", hex16(replica.digest)},
          {"tables", tables}};
}

Json json_of(const NodeLog& log) {
  return {{"node", log.node}, {"levels", log.levels}, {"complaints", log.complaints}};
}

template <class Item>
Json list_of(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(json_of(item));
  return list;
}

// Bytes that are not UTF-8 become U+FFFD rather than an exception.
std::string printed(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_json_text(const Verdict& verdict) { return printed(json_of(verdict)); }

std::string to_json_text(const Report& report) {
  const Json operations = {{"ok", report.operations.ok},
                           {"failed", report.operations.failed},
                           {"unknown", report.operations.unknown},
                           {"min_ok", report.min_ok}};
  Json json = {
      {"scenario", report.scenario}, {"verdict", to_string(report.outcome())}, {"seed", report.seed}};
  if (report.world == World::kReal) json["world"] = "real";
  json["trace"] = report.world == World::kReal ? Json() : Json(hex16(report.trace_hash));
  json[report.world == World::kReal ? "lasted_ns" : "simulated_ns"] = report.simulated.count();
  json["real_ns"] = report.real.count();
  json["events"] = report.trace_events;
  if (!report.version.empty()) json["version"] = report.version;
  json["operations"] = operations;
  if (report.elections) json["elections"] = json_of(*report.elections);
  json["throughput"] = {{"bucket_ns", report.throughput_bucket.count()}, {"ok", report.throughput}};
  if (report.idle_faults_allowed) json["idle_faults"] = "allowed";
  json["faults"] = list_of(report.faults);
  json["verdicts"] = list_of(report.verdicts);
  if (!report.replicas.empty()) json["replicas"] = list_of(report.replicas);
  if (report.world == World::kReal) json["not_applied"] = report.not_applied;
  if (!report.logs.empty()) json["logs"] = list_of(report.logs);
  if (!report.kept.empty()) json["kept"] = report.kept;
  if (report.fidelity)
    json["fidelity"] = {{"real", json_of(report.fidelity->real)},
                        {"simulated", json_of(report.fidelity->simulated)}};
  return printed(json);
}

}  // namespace lockstep::reports
