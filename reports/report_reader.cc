// One reader for all members: the first thing that does not fit is what the error says.
#include "reports/report_reader.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace lockstep::reports {
namespace {

using Json = nlohmann::ordered_json;

// Reads members of one object; keeps the first complaint of all readers that share it.
class Members {
 public:
  Members(const Json& object, std::string where, std::string& complaint)
      : object_(object), where_(std::move(where)), complaint_(complaint) {
    if (!object.is_object()) refuse("", "an object");
  }

  bool has(const char* key) const { return object_.is_object() && object_.contains(key); }

  std::uint64_t number(const char* key) const {
    const Json* value = find(key);
    if (value != nullptr && value->is_number_unsigned()) return value->get<std::uint64_t>();
    refuse(key, "a whole number of at least 0");
    return 0;
  }
  Duration duration(const char* key) const {
    const Json* value = find(key);
    if (value != nullptr && value->is_number_integer()) return Duration(value->get<std::int64_t>());
    refuse(key, "nanoseconds");
    return {};
  }
  // A hash of 64 bits.
  std::uint64_t hash(const char* key) const {
    const std::string digits = text(key);
    std::uint64_t value = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 16 || error != std::errc() || rest != digits.data() + digits.size())
      refuse(key, "a hash of 16 hexadecimal digits");
    return value;
  }
  std::string text(const char* key) const {
    const Json* value = find(key);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    refuse(key, "a text");
    return {};
  }
  bool truth(const char* key) const {
    const Json* value = find(key);
    if (value != nullptr && value->is_boolean()) return value->get<bool>();
    refuse(key, "true or false");
    return false;
  }
  Outcome outcome(const char* key) const {
    const std::string name = text(key);
    for (const Outcome outcome : {Outcome::kHolds, Outcome::kViolated, Outcome::kUnknown, Outcome::kVacuous})
      if (name == to_string(outcome)) return outcome;
    refuse(key, "holds, violated, unknown or vacuous");
    return Outcome::kUnknown;
  }
  Members object(const char* key) const {
    static const Json kNothing = Json::object();
    const Json* value = find(key);
    if (value == nullptr) refuse(key, "an object");
    return Members(value == nullptr ? kNothing : *value, cat(where_, '/', key), complaint_);
  }
  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> out;
    each(key, [&](const Json& item) {
      if (!item.is_string()) return refuse(key, "a list of texts");
      out.push_back(item.get<std::string>());
    });
    return out;
  }
  // Calls with the reader of each object of a list.
  template <class Visit>
  void objects(const char* key, Visit visit) const {
    std::size_t at = 0;
    each(key, [&](const Json& item) { visit(Members(item, cat(where_, '/', key, '/', at++), complaint_)); });
  }
  template <class Visit>
  void each(const char* key, Visit visit) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_array()) return refuse(key, "a list");
    for (const Json& item : *value) visit(item);
  }
  // Calls with each name and value of this object.
  template <class Visit>
  void members(Visit visit) const {
    if (!object_.is_object()) return;
    for (const auto& [name, value] : object_.items()) visit(name, value);
  }
  void refuse(std::string_view key, std::string_view expected) const {
    if (!complaint_.empty()) return;
    complaint_ = cat(where_, key.empty() ? "" : "/", key, ": expected ", expected);
  }

 private:
  const Json* find(const char* key) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }

  const Json& object_;
  std::string where_;  // as JSON pointer
  std::string& complaint_;
};

OperationCounts counts_of(const Members& json) {
  return {.ok = json.number("ok"), .failed = json.number("failed"), .unknown = json.number("unknown")};
}

Elections elections_of(const Members& json) {
  return {.candidacies = json.number("candidacies"), .leaders = json.number("leaders")};
}

Verdict verdict_of(const Members& json) {
  Verdict verdict{.name = json.text("name"),
                  .promise = json.text("promise"),
                  .outcome = json.outcome("verdict"),
                  .checked = {},
                  .evidence = json.texts("evidence")};
  if (json.has("excused")) verdict.excused = json.texts("excused");
  if (json.has("anomalies")) verdict.anomalies = json.texts("anomalies");
  if (json.has("ruled_out")) verdict.ruled_out = json.texts("ruled_out");
  const Members checked = json.object("checked");
  checked.members([&](const std::string& unit, const Json& count) {
    if (!count.is_number_unsigned()) return checked.refuse(unit, "a count");
    verdict.checked.push_back({unit, count.get<std::uint64_t>()});
  });
  return verdict;
}

FaultStrike strike_of(const Members& json) {
  FaultStrike strike{.at = json.duration("at_ns")};
  if (json.has("until_ns")) strike.until = json.duration("until_ns");
  if (json.has("hosts")) strike.hosts = json.texts("hosts");
  if (json.has("one_way")) strike.one_way = json.truth("one_way");
  if (!json.has("groups")) return strike;
  json.each("groups", [&](const Json& group) {
    if (!group.is_array()) return json.refuse("groups", "a list of lists of names");
    auto& names = strike.groups.emplace_back();
    for (const Json& name : group) {
      if (!name.is_string()) return json.refuse("groups", "a list of lists of names");
      names.push_back(name.get<std::string>());
    }
  });
  return strike;
}

FaultRecord fault_of(const Members& json) {
  FaultRecord fault{
      .kind = json.text("kind"), .description = json.text("description"), .fired = json.number("fired")};
  if (json.has("skipped")) fault.skipped = json.text("skipped");
  if (json.has("strikes"))
    json.objects("strikes", [&](const Members& strike) { fault.strikes.push_back(strike_of(strike)); });
  return fault;
}

NodeLog log_of(const Members& json) {
  NodeLog log{.node = json.text("node"), .levels = {}, .complaints = json.texts("complaints")};
  const Members levels = json.object("levels");
  levels.members([&](const std::string& level, const Json& count) {
    if (!count.is_number_unsigned()) return levels.refuse(level, "a count");
    log.levels[level] = count.get<std::uint64_t>();
  });
  return log;
}

Series series_of(const Members& json) {
  Series series{.bucket = json.duration("bucket_ns"), .buckets = {}};
  json.each("ok", [&](const Json& count) {
    if (!count.is_number_unsigned()) return json.refuse("ok", "a list of counts");
    series.buckets.push_back({.ok = count.get<std::uint64_t>()});
  });
  std::size_t at = 0;
  json.each("p50_ns", [&](const Json& median) {
    if (at == series.buckets.size() || !(median.is_null() || median.is_number_integer()))
      return json.refuse("p50_ns", "nanoseconds or null for each count of \"ok\"");
    if (!median.is_null()) series.buckets[at].p50 = Duration(median.get<std::int64_t>());
    ++at;
  });
  if (series.bucket <= Duration()) json.refuse("bucket_ns", "more than 0");
  return series;
}

WorldSummary world_of(const Members& json) {
  WorldSummary world{.outcome = json.outcome("verdict"),
                     .verdicts = {},
                     .elections = elections_of(json.object("elections")),
                     .operations = counts_of(json.object("operations")),
                     .latency = {}};
  const Members verdicts = json.object("verdicts");
  verdicts.members([&](const std::string& name, const Json&) {
    world.verdicts.push_back({.name = name,
                              .promise = {},
                              .outcome = verdicts.outcome(name.c_str()),
                              .checked = {},
                              .evidence = {}});
  });
  const Members latency = json.object("latency_ns");
  world.latency = {.p50 = latency.duration("p50"),
                   .p90 = latency.duration("p90"),
                   .p99 = latency.duration("p99"),
                   .max = latency.duration("max")};
  if (json.has("series")) world.series = series_of(json.object("series"));
  return world;
}

ReplicaState replica_of(const Members& json) {
  ReplicaState replica{.replica = json.text("replica"),
                       .applied_index = json.number("applied"),
                       .digest = json.hash("digest"),
                       .tables = {}};
  json.objects("tables", [&](const Members& table) {
    replica.tables.push_back({table.text("table"), table.number("version"), table.number("rows")});
  });
  return replica;
}

void read_what_was_run(const Members& json, Report& report) {
  report.scenario = json.text("scenario");
  report.seed = json.number("seed");
  if (json.has("version")) report.version = json.text("version");
  const bool real = json.has("world") && json.text("world") == "real";
  report.world = real ? World::kReal : World::kSimulated;
  if (!real) report.trace_hash = json.hash("trace");
  report.simulated = json.duration(real ? "lasted_ns" : "simulated_ns");
  report.real = json.duration("real_ns");
  report.trace_events = json.number("events");
}

void read_what_happened(const Members& json, Report& report) {
  const Members operations = json.object("operations");
  report.operations = counts_of(operations);
  report.min_ok = operations.number("min_ok");
  if (json.has("elections")) report.elections = elections_of(json.object("elections"));
  const Members throughput = json.object("throughput");
  report.throughput_bucket = throughput.duration("bucket_ns");
  throughput.each("ok", [&](const Json& count) {
    if (!count.is_number_unsigned()) return throughput.refuse("ok", "a list of counts");
    report.throughput.push_back(count.get<std::uint64_t>());
  });
  report.idle_faults_allowed = json.has("idle_faults") && json.text("idle_faults") == "allowed";
  json.objects("faults", [&](const Members& fault) { report.faults.push_back(fault_of(fault)); });
}

}  // namespace

Result<Report> parse_report(std::string_view file, std::string_view text) {
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded())
    return fail(ErrorCode::kInvalidArgument,
                cat(file, ": expected a whole report as JSON; it is damaged or cut off"));
  std::string complaint;
  const Members json(document, "", complaint);
  Report report;
  read_what_was_run(json, report);
  read_what_happened(json, report);
  json.objects("verdicts", [&](const Members& verdict) { report.verdicts.push_back(verdict_of(verdict)); });
  if (json.has("replicas"))
    json.objects("replicas", [&](const Members& each) { report.replicas.push_back(replica_of(each)); });
  if (json.has("not_applied")) report.not_applied = json.texts("not_applied");
  if (json.has("logs"))
    json.objects("logs", [&](const Members& each) { report.logs.push_back(log_of(each)); });
  if (json.has("kept")) report.kept = json.text("kept");
  if (json.has("fidelity")) {
    const Members worlds = json.object("fidelity");
    report.fidelity = {.real = world_of(worlds.object("real")),
                       .simulated = world_of(worlds.object("simulated"))};
  }
  const Outcome recorded = json.outcome("verdict");
  if (complaint.empty() && recorded != report.outcome())
    complaint = cat("/verdict: expected ", to_string(report.outcome()), ", as its rows say, found ",
                    to_string(recorded));
  if (!complaint.empty()) return fail(ErrorCode::kInvalidArgument, cat(file, ": ", complaint));
  return report;
}

}  // namespace lockstep::reports
