// One function per pass. Termination: each takes something away or makes a number smaller, and none adds but
// `ops`, which is added once.
#include "scenarios/chaos/reductions.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/text.h"
#include "json/quantity.h"

namespace lockstep::chaos {
namespace {

using Json = nlohmann::ordered_json;
using lockstep::to_string;  // of durations
using Documents = std::vector<Json>;

// ---- reading

std::optional<Duration> duration_of(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  const std::string text = json.get<std::string>();
  std::string_view rest = text;
  if (rest.empty() || rest.front() < '0' || rest.front() > '9') return std::nullopt;
  const std::int64_t count = json::take_digits(rest);
  constexpr std::array<std::string_view, 6> kUnits{"ns", "us", "ms", "s", "m", "h"};
  if (std::find(kUnits.begin(), kUnits.end(), rest) == kUnits.end()) return std::nullopt;
  return count * json::unit_of(rest);
}

std::uint64_t number_of(const Json& object, const char* key, std::uint64_t usual) {
  const auto member = object.find(key);
  return member != object.end() && member->is_number_unsigned() ? member->get<std::uint64_t>() : usual;
}

std::uint64_t nodes_of(const Json& document) {
  const auto cluster = document.find("cluster");
  return cluster == document.end() ? 3 : number_of(*cluster, "nodes", 3);
}

bool has_clients(const Json& workload) { return workload["kind"] != "verify"; }
std::uint64_t clients_of(const Json& workload) {
  return has_clients(workload) ? number_of(workload, "clients", 4) : 1;
}

// ---- lists

// [first, first + size): all, halves, quarters, ..., one by one.
struct Chunk {
  std::size_t first;
  std::size_t size;
  bool holds(std::size_t place) const { return place >= first && place - first < size; }
};
std::vector<Chunk> chunks_of(std::size_t count) {
  std::vector<Chunk> all;
  for (std::size_t size = count; size > 0; size /= 2)
    for (std::size_t first = 0; first < count; first += size)
      all.push_back({first, std::min(size, count - first)});
  return all;
}

// Without these faults, those that follow them, and their places in what names places.
Json without_faults(Json document, const Chunk& chunk) {
  std::vector<std::optional<std::size_t>> places;  // new ones, by old ones
  Json kept = Json::array();
  for (Json& fault : document["faults"]) {
    const std::size_t place = places.size();
    const auto after = fault.find("after");
    const auto anchor =
        after == fault.end() ? std::nullopt : std::optional((*after)["fault"].get<std::size_t>());
    if (chunk.holds(place) || (anchor && !places[*anchor])) {
      places.emplace_back();
      continue;
    }
    if (anchor) (*after)["fault"] = *places[*anchor];
    places.emplace_back(kept.size());
    kept.push_back(std::move(fault));
  }
  document["faults"] = std::move(kept);
  if (document["faults"].empty()) document.erase("faults");
  if (!document.contains("expect") || !document["expect"].contains("in_pause_window")) return document;
  Json window = Json::array();
  for (const Json& place : document["expect"]["in_pause_window"])
    if (const auto now = places[place.get<std::size_t>()]) window.push_back(*now);
  document["expect"]["in_pause_window"] = std::move(window);
  return document;
}

Documents fewer_faults(const Json& document) {
  Documents out;
  const std::size_t count = document.contains("faults") ? document["faults"].size() : 0;
  for (const Chunk& chunk : chunks_of(count)) out.push_back(without_faults(document, chunk));
  return out;
}

// A target of that letter whose number is beyond `count` becomes one that exists.
void bring_back(Json& json, char letter, std::uint64_t count) {
  if (json.is_structured())
    for (Json& item : json) bring_back(item, letter, count);
  if (!json.is_string()) return;
  const std::string text = json.get<std::string>();
  std::string_view rest = text;
  if (rest.size() < 2 || rest.front() != letter || rest[1] < '0' || rest[1] > '9') return;
  rest.remove_prefix(1);
  const auto number = static_cast<std::uint64_t>(json::take_digits(rest));
  if (rest.empty() && number > count) json = cat(letter, (number - 1) % count + 1);
}

void bring_back_clients(Json& document) {
  std::uint64_t clients = 0;
  for (const Json& workload : document["workload"]) clients += clients_of(workload);
  if (document.contains("faults")) bring_back(document["faults"], 'c', clients);
}

Documents fewer_workloads(const Json& document) {
  Documents out;
  const std::size_t count = document["workload"].size();
  for (const Chunk& chunk : chunks_of(count)) {
    if (chunk.size == count) continue;
    Json& smaller = out.emplace_back(document);
    Json kept = Json::array();
    for (std::size_t place = 0; place < count; ++place)
      if (!chunk.holds(place)) kept.push_back(document["workload"][place]);
    smaller["workload"] = std::move(kept);
    bring_back_clients(smaller);
  }
  return out;
}

// ---- sizes

Documents fewer_nodes(const Json& document) {
  Documents out;
  const std::uint64_t now = nodes_of(document);
  for (const std::uint64_t nodes : {std::uint64_t{1}, std::uint64_t{3}, now - 1, std::uint64_t{2}}) {
    if (nodes >= now || nodes == 0) continue;
    Json& smaller = out.emplace_back(document);
    smaller["cluster"]["nodes"] = nodes;
    if (smaller.contains("faults")) bring_back(smaller["faults"], 'n', nodes);
  }
  return out;
}

// ---- the field

// Faults that name an edge or the cloud go with the field.
Json without_field(Json document) {
  document.erase("field");
  document.erase("system");
  if (!document.contains("faults")) return document;
  for (std::size_t place = document["faults"].size(); place-- > 0;) {
    const std::string text = document["faults"][place].dump();
    if (text.find("\"cloud\"") != std::string::npos || text.find("\"e1\"") != std::string::npos)
      document = without_faults(std::move(document), {place, 1});
    if (!document.contains("faults")) break;
  }
  return document;
}

// Without some elements of a list of the field; of those that must not be empty, never all.
void append_shorter(Documents& out, const Json& document, const char* list, std::size_t least) {
  if (!document["field"].contains(list)) return;
  const std::size_t count = document["field"][list].size();
  for (const Chunk& chunk : chunks_of(count)) {
    if (count - chunk.size < least) continue;
    Json kept = Json::array();
    for (std::size_t place = 0; place < count; ++place)
      if (!chunk.holds(place)) kept.push_back(document["field"][list][place]);
    out.emplace_back(document)["field"][list] = std::move(kept);
  }
}

Documents less_field(const Json& document) {
  Documents out;
  if (!document.contains("field")) return out;
  Json on_one_edge = document;
  if (document.contains("faults")) bring_back(on_one_edge["faults"], 'e', 1);
  out.push_back(without_field(on_one_edge));
  const std::uint64_t now = number_of(document["field"], "edges", 3);
  for (const std::uint64_t edges : {std::uint64_t{1}, now / 2, now - 1}) {
    if (edges >= now || edges == 0) continue;
    Json& smaller = out.emplace_back(document);
    smaller["field"]["edges"] = edges;
    if (smaller.contains("faults")) bring_back(smaller["faults"], 'e', edges);
  }
  append_shorter(out, document, "dispatch", 0);
  append_shorter(out, document, "devices", 1);
  return out;
}

// With member `key` of one object at a time set to each of the smaller values.
Documents with_smaller(const Json& document, const char* list, const char* key,
                       const std::function<std::vector<std::uint64_t>(const Json&)>& values) {
  Documents out;
  if (!document.contains(list)) return out;
  for (std::size_t place = 0; place < document[list].size(); ++place)
    for (const std::uint64_t value : values(document[list][place])) {
      Json& smaller = out.emplace_back(document);
      smaller[list][place][key] = value;
    }
  return out;
}

Documents fewer_clients(const Json& document) {
  Documents out = with_smaller(document, "workload", "clients", [](const Json& workload) {
    std::vector<std::uint64_t> values;
    const std::uint64_t now = clients_of(workload);
    for (const std::uint64_t fewer : {std::uint64_t{1}, now / 2, now - 1})
      if (has_clients(workload) && fewer > 0 && fewer < now) values.push_back(fewer);
    return values;
  });
  for (Json& smaller : out) bring_back_clients(smaller);
  return out;
}

Documents fewer_operations(const Json& document) {
  return with_smaller(document, "workload", "ops", [](const Json& workload) {
    std::vector<std::uint64_t> values;
    if (!has_clients(workload)) return values;
    const std::uint64_t now = number_of(workload, "ops", 10'000);
    for (const std::uint64_t fewer : {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000})
      if (fewer < now) values.push_back(fewer);
    if (workload.contains("ops") && now > 1) values.push_back(now - 1);
    return values;
  });
}

// ---- time

// By so much less, if the member is there and is longer.
void take_off(Json& object, const char* key, Duration by) {
  const auto member = object.find(key);
  if (member == object.end()) return;
  const auto now = duration_of(*member);
  if (now && *now >= by) *member = to_string(*now - by);
}

// Everything happens so much earlier, and the workloads are so much shorter.
Json moved_forward(Json document, Duration by) {
  for (Json& workload : document["workload"]) {
    take_off(workload, "for", by);
    if (workload["kind"] == "verify") take_off(workload, "start", by);
  }
  if (document.contains("field")) {
    take_off(document["field"], "for", by);
    if (document["field"].contains("dispatch"))
      for (Json& sent : document["field"]["dispatch"]) take_off(sent, "at", by);
  }
  for (Json& fault : document["faults"]) {
    take_off(fault, "at", by);
    if (!fault.contains("every") || !fault["every"].is_object()) continue;
    take_off(fault["every"], "from", by);
    take_off(fault["every"], "until", by);
  }
  return document;
}

void shorten(Json& object, int eighths) {
  if (const auto now = object.contains("for") ? duration_of(object["for"]) : std::nullopt) {
    const auto shorter = std::chrono::duration_cast<std::chrono::milliseconds>(*now * eighths / 8);
    object["for"] = to_string(Duration(shorter));
  }
}

Json with_shorter_workloads(Json document, int eighths) {
  for (Json& workload : document["workload"]) shorten(workload, eighths);
  if (document.contains("field")) shorten(document["field"], eighths);
  return document;
}

Documents less_time(const Json& document) {
  Documents out;
  for (const int eighths : {1, 2, 4, 6, 7}) out.push_back(with_shorter_workloads(document, eighths));
  if (!document.contains("faults")) return out;
  std::optional<Duration> first;
  for (const Json& fault : document["faults"]) {
    const bool is_repeated = fault.contains("every") && fault["every"].is_object();
    const auto at = fault.contains("at")                             ? duration_of(fault["at"])
                    : is_repeated && fault["every"].contains("from") ? duration_of(fault["every"]["from"])
                                                                     : std::nullopt;
    if (at) first = first ? std::min(*first, *at) : *at;
  }
  if (!first) return out;
  for (const int quarters : {4, 3, 2, 1}) {
    const auto by = std::chrono::duration_cast<std::chrono::milliseconds>(*first * quarters / 4);
    if (by.count() > 0) out.push_back(moved_forward(document, by));
  }
  return out;
}

// ---- members

// What is not left out: it has no default, or its default is larger, or is a pass of its own.
bool is_kept(const std::string& key) {
  static const std::set<std::string> kKept{"name", "about", "seed", "system",  "workload", "faults",
                                           "kind", "ops",   "rate", "clients", "nodes",    "expect",
                                           "edges"};
  return kKept.contains(key);
}

// Calls `visit` with every place of the document that is no list of the file and no name of it.
void each_place(const Json& node, const Json::json_pointer& at,
                const std::function<void(const Json::json_pointer&, const Json&)>& visit) {
  if (!node.is_structured()) return;
  std::size_t place = 0;
  for (const auto& [key, value] : node.items()) {
    const Json::json_pointer here = node.is_array() ? at / place++ : at / key;
    if (node.is_array() || !is_kept(key)) visit(here, value);
    each_place(value, here, visit);
  }
}

Json without(Json document, const Json::json_pointer& place) {
  Json& parent = document[place.parent_pointer()];
  if (parent.is_array()) {
    parent.erase(std::stoul(place.back()));
  } else {
    parent.erase(place.back());
  }
  return document;
}

Documents fewer_members(const Json& document) {
  Documents out;
  each_place(document, Json::json_pointer(), [&](const Json::json_pointer& place, const Json& value) {
    if (value.is_object() && value.contains("nodes")) return;
    const std::string parent = place.parent_pointer().to_string();
    if (parent != "/workload" && parent != "/faults") out.push_back(without(document, place));
  });
  return out;
}

// ---- triggers and values

// One strike instead of many.
Documents simpler_triggers(const Json& document) {
  Documents out;
  const std::size_t count = document.contains("faults") ? document["faults"].size() : 0;
  for (std::size_t place = 0; place < count; ++place) {
    const Json& fault = document["faults"][place];
    if (!fault.contains("every")) continue;
    const Json& every = fault["every"];
    const auto period = duration_of(every.is_object() ? every["period"] : every);
    const bool has_from = every.is_object() && every.contains("from");
    const auto from = has_from ? duration_of(every["from"]) : period;
    for (int strike = 0; period && from && strike < 8; ++strike) {
      Json& smaller = out.emplace_back(document);
      Json once = {{"at", to_string(*from + strike * *period)}};
      for (const auto& [key, value] : fault.items())
        if (key != "every") once[key] = value;
      smaller["faults"][place] = std::move(once);
    }
  }
  return out;
}

// The leading digit of a duration in its unit, the rest zeros: 1234 ms becomes 1 s.
Duration rounded(Duration duration) {
  std::int64_t unit = 1;
  while (duration.count() / unit >= 10) unit *= 10;
  return Duration(duration.count() / unit * unit);
}

std::vector<Json> smaller_values(const Json& value) {
  std::vector<Json> out;
  if (const auto duration = duration_of(value)) {
    if (rounded(*duration) != *duration) out.push_back(to_string(rounded(*duration)));
    const Duration half = rounded(*duration / 2);
    if (half >= std::chrono::milliseconds(1)) out.push_back(to_string(half));
  } else if (value.is_number_unsigned() && value.get<std::uint64_t>() > 1) {
    const auto now = value.get<std::uint64_t>();
    out.push_back(1);
    if (now / 2 > 1) out.push_back(now / 2);
    if (now > 2) out.push_back(now - 1);
  } else if (value.is_number_float()) {  // a probability between 0 and 1
    out.push_back(1);
  }
  return out;
}

Documents simpler_values(const Json& document) {
  Documents out;
  each_place(document, Json::json_pointer(), [&](const Json::json_pointer& place, const Json& value) {
    const std::string at = place.to_string();
    // Half a period would be twice the work.
    if (place.back() == "fault" || at.starts_with("/expect") || at == "/field/sample" || at == "/field/window")
      return;
    for (Json& smaller : smaller_values(value)) out.emplace_back(document)[place] = std::move(smaller);
  });
  return out;
}

}  // namespace

std::string_view to_string(Pass pass) {
  switch (pass) {
    case Pass::kFaults: return "fewer faults";
    case Pass::kWorkloads: return "fewer workloads";
    case Pass::kNodes: return "fewer nodes";
    case Pass::kField: return "less of the field";
    case Pass::kClients: return "fewer clients";
    case Pass::kTime: return "less time";
    case Pass::kOperations: return "fewer operations";
    case Pass::kMembers: return "fewer members";
    case Pass::kTriggers: return "simpler triggers";
    case Pass::kValues: return "simpler values";
  }
  return "";
}

Documents reductions(const Json& document, Pass pass) {
  switch (pass) {
    case Pass::kFaults: return fewer_faults(document);
    case Pass::kWorkloads: return fewer_workloads(document);
    case Pass::kNodes: return fewer_nodes(document);
    case Pass::kField: return less_field(document);
    case Pass::kClients: return fewer_clients(document);
    case Pass::kTime: return less_time(document);
    case Pass::kOperations: return fewer_operations(document);
    case Pass::kMembers: return fewer_members(document);
    case Pass::kTriggers: return simpler_triggers(document);
    case Pass::kValues: return simpler_values(document);
  }
  return {};
}

}  // namespace lockstep::chaos
