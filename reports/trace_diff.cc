// Lines are compared as bytes; only what is shown is parsed.
#include "reports/trace_diff.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "base/join.h"
#include "base/text.h"
#include "reports/render.h"

namespace lockstep::reports {
namespace {

using Json = nlohmann::ordered_json;

// The next line; nothing: the trace has ended.
Result<std::optional<std::string>> line_of(TraceReader& reader) {
  auto line = reader.next_line();
  if (line) return std::optional<std::string>(std::string(*line));
  if (line.error().code == ErrorCode::kEnd) return std::optional<std::string>();
  return std::unexpected(std::move(line).error());
}

Result<TraceSide> side_of(TraceReader& reader, std::optional<std::string> line, std::size_t context) {
  TraceSide side;
  while (line && side.events.size() <= context) {
    LOCKSTEP_TRY(event, reader.parsed(*line));
    side.events.push_back(std::move(event));
    if (side.events.size() > context) break;
    LOCKSTEP_TRY(next, line_of(reader));
    line = std::move(next);
  }
  return side;
}

std::vector<std::string> differing_of(const TraceEvent& a, const TraceEvent& b) {
  std::vector<std::string> names;
  const auto note = [&names](bool differs, std::string_view name) {
    if (differs) names.emplace_back(name);
  };
  note(a.order != b.order, "order");
  note(a.time_ns != b.time_ns, "time");
  note(a.node != b.node, "node");
  note(a.incarnation != b.incarnation, "incarnation");
  note(a.kind != b.kind, "event");
  if (a.kind == b.kind)
    for (const TraceField& field : a.fields) note(b.field(field.name) != field.value, field.name);
  note(a.kind == b.kind && a.fields.size() != b.fields.size(), "number of fields");
  note(a.text != b.text, "text");
  return names;
}

Json json_of(const TraceEvent& event) {
  Json json{{"order", event.order},
            {"time", event.time_ns},
            {"node", event.node},
            {"incarnation", event.incarnation},
            {"event", event.kind}};
  for (const TraceField& field : event.fields) json[field.name] = field.value;
  if (!event.text.empty()) json["text"] = event.text;
  return json;
}

Json json_of(const std::vector<TraceEvent>& events) {
  Json list = Json::array();
  for (const TraceEvent& event : events) list.push_back(json_of(event));
  return list;
}

std::string block(std::string_view name, std::string_view sign, const std::vector<TraceEvent>& events) {
  std::string out = cat(name, "\n");
  if (events.empty()) out += cat(sign, "(it ends here)\n");
  for (const TraceEvent& event : events) out += cat(sign, describe(event), "\n");
  return out;
}

}  // namespace

Result<TraceComparison> compare_traces(TraceReader& first, TraceReader& second, std::size_t context) {
  std::deque<std::string> before;
  TraceComparison comparison;
  while (true) {
    LOCKSTEP_TRY(of_first, line_of(first));
    LOCKSTEP_TRY(of_second, line_of(second));
    if (of_first == of_second) {
      if (!of_first) return comparison;
      ++comparison.events;
      before.push_back(std::move(*of_first));
      if (before.size() > context) before.pop_front();
      continue;
    }
    TraceDifference difference;
    difference.equal = comparison.events;
    for (const std::string& line : before) {
      LOCKSTEP_TRY(event, first.parsed(line));
      difference.before.push_back(std::move(event));
    }
    LOCKSTEP_TRY(side_a, side_of(first, std::move(of_first), context));
    LOCKSTEP_TRY(side_b, side_of(second, std::move(of_second), context));
    if (!side_a.events.empty() && !side_b.events.empty())
      difference.differing = differing_of(side_a.events.front(), side_b.events.front());
    difference.first = std::move(side_a);
    difference.second = std::move(side_b);
    comparison.difference = std::move(difference);
    return comparison;
  }
}

std::string to_text(const TraceComparison& comparison, const TraceNames& names) {
  if (!comparison.difference) return cat("the traces are equal: ", counted(comparison.events, "events"), "\n");
  const TraceDifference& difference = *comparison.difference;
  std::string out = cat("the first ", counted(difference.equal, "events"), difference.equal == 1 ? " is" : " are", " equal; then ");
  if (difference.first.events.empty() || difference.second.events.empty()) {
    out += cat(difference.first.events.empty() ? names.first : names.second, " ends and the other goes on\n");
  } else {
    const std::string what = joined(difference.differing);
    out += cat("they differ in ", what.empty() ? "how the event is written" : what, "\n");
  }
  for (const TraceEvent& event : difference.before) out += cat("  ", describe(event), "\n");
  return out + block(names.first, "- ", difference.first.events) +
         block(names.second, "+ ", difference.second.events);
}

std::string to_json_text(const TraceComparison& comparison, const TraceNames& names) {
  Json json{{"equal", !comparison.difference.has_value()},
            {"events_in_common", comparison.events},
            {"first", names.first},
            {"second", names.second}};
  if (comparison.difference) {
    json["differing"] = comparison.difference->differing;
    json["before"] = json_of(comparison.difference->before);
    json["first_events"] = json_of(comparison.difference->first.events);
    json["second_events"] = json_of(comparison.difference->second.events);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep::reports
