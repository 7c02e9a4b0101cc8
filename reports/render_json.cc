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
  return {{"name", verdict.name},
          {"promise", verdict.promise},
          {"verdict", to_string(verdict.outcome)},
          {"checked", checked},
          {"evidence", verdict.evidence}};
}

Json json_of(const FaultRecord& fault) {
  Json json = {{"kind", fault.kind}, {"description", fault.description}, {"fired", fault.fired}};
  if (!fault.skipped.empty()) json["skipped"] = fault.skipped;
  return json;
}

template <class Item>
Json list_of(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(json_of(item));
  return list;
}

// Bytes that are not UTF-8 become U+FFFD rather than an exception.
std::string printed(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string to_json_text(const Verdict& verdict) { return printed(json_of(verdict)); }

std::string to_json_text(const Report& report) {
  const Json operations = {{"ok", report.operations.ok},
                           {"failed", report.operations.failed},
                           {"unknown", report.operations.unknown},
                           {"min_ok", report.min_ok}};
  const Json json = {{"scenario", report.scenario},
                     {"verdict", to_string(report.outcome())},
                     {"seed", report.seed},
                     {"trace", hex16(report.trace_hash)},
                     {"simulated_ns", report.simulated.count()},
                     {"real_ns", report.real.count()},
                     {"events", report.trace_events},
                     {"operations", operations},
                     {"throughput", {{"bucket_ns", report.throughput_bucket.count()}, {"ok", report.throughput}}},
                     {"faults", list_of(report.faults)},
                     {"verdicts", list_of(report.verdicts)}};
  return printed(json);
}

}  // namespace lockstep::reports
