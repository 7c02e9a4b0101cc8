// Fills the template: data as JSON in a script element that nothing runs, events as base64 beside it.
#include "reports/page/page.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "reports/escape.h"
#include "reports/page/assets.h"
#include "reports/page/fill.h"
#include "reports/render.h"
#include "reports/series.h"

namespace lockstep::page {
namespace {

using Json = nlohmann::ordered_json;
using reports::Completion;
using reports::Operation;

constexpr std::size_t kMostOperations = 9'000;
constexpr std::size_t kMostBytesOfOperations = 1'200'000;  // of kMostBytes; the rest is the trace's
constexpr std::size_t kMostValueBytes = 160;

// Cut at a character, with what is missing said.
std::string shortened(std::string text) {
  if (text.size() <= kMostValueBytes) return text;
  std::size_t end = kMostValueBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  const std::size_t missing = text.size() - end;
  text.resize(end);
  return cat(text, "… (", missing, " bytes more)");
}

std::string value_text(const reports::Value& value) {
  return value.is_null() ? std::string() : shortened(reports::to_json(value));
}

// Gives each text a place, so that a name that occurs a thousand times stands in the page once.
class Names {
 public:
  std::size_t place_of(const std::string& name) {
    const auto found = std::ranges::find(names_, name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    names_.push_back(name);
    return names_.size() - 1;
  }
  const std::vector<std::string>& all() const { return names_; }

 private:
  std::vector<std::string> names_;  // few
};

// [process, f, key, argument, result, completion, invoked, returned, error, number]; times in ns, -1 unknown.
Json row_of(const Operation& operation, std::size_t number, Names& functions, Names& keys) {
  const std::size_t f = functions.place_of(operation.f);
  const std::size_t key = keys.place_of(value_text(operation.key));
  return Json::array({operation.process, f, key, value_text(operation.argument), value_text(operation.result),
                      static_cast<int>(operation.completion), operation.invoked.time_ns,
                      operation.returned.time_ns, shortened(operation.error), number});
}

// All that did not succeed, and of the others so many that there are at most `most`.
Json operations_of(const reports::History& history, std::size_t most) {
  const auto& all = history.operations();
  const std::size_t others = static_cast<std::size_t>(
      std::ranges::count_if(all, [](const Operation& each) { return each.completion != Completion::kOk; }));
  const std::size_t room = most - std::min(others, most);
  const std::size_t successes = all.size() - others;
  Names functions, keys;
  Json rows = Json::array();
  std::size_t seen = 0;  // successes
  for (std::size_t number = 0; number < all.size(); ++number) {
    if (all[number].completion == Completion::kOk) {
      const std::size_t before = seen++ * room / successes;
      if (seen * room / successes == before) continue;
    }
    if (rows.size() >= most) break;
    rows.push_back(row_of(all[number], number, functions, keys));
  }
  return {
      {"total", all.size()}, {"functions", functions.all()}, {"keys", keys.all()}, {"rows", std::move(rows)}};
}

std::string text_of(const Json& json) {
  return reports::escaped_script(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// So many that a browser stays quick, and fewer if they are long.
Json operations_of(const reports::History& history) {
  for (std::size_t most = kMostOperations;;) {
    Json out = operations_of(history, most);
    const std::size_t bytes = text_of(out).size();
    if (bytes <= kMostBytesOfOperations) return out;
    most = most * kMostBytesOfOperations / bytes;
  }
}

Json series_of(const RecordedRun& run) {
  const reports::Series series = reports::series_of(run.history, run.report.simulated, kStretches);
  Json out{{"bucket_ns", series.bucket.count()}};
  for (const char* name : {"ok", "failed", "unknown", "p50", "p99"}) out[name] = Json::array();
  const auto time = [](const std::optional<Duration>& duration) { return duration ? duration->count() : -1; };
  for (const reports::Bucket& bucket : series.buckets) {
    out["ok"].push_back(bucket.ok);
    out["failed"].push_back(bucket.failed);
    out["unknown"].push_back(bucket.unknown);
    out["p50"].push_back(time(bucket.p50));
    out["p99"].push_back(time(bucket.p99));
  }
  return out;
}

// When each fault had ended, and how long it then took until a write succeeded.
Json recoveries_of(const RecordedRun& run) {
  constexpr std::size_t kMost = 40;
  Json out = Json::array();
  for (const reports::FaultRecord& fault : run.report.faults) {
    for (const reports::FaultStrike& strike : fault.strikes) {
      if (!strike.until || out.size() >= kMost) continue;
      const auto after = reports::until_next_write(run.history, *strike.until);
      if (after)
        out.push_back({{"kind", fault.kind}, {"at_ns", strike.until->count()}, {"took_ns", after->count()}});
    }
  }
  return out;
}

Json availability_of(const RecordedRun& run) {
  const reports::Gap gap = reports::longest_without_write(run.history);
  const reports::LatencyQuantiles latency = reports::latency_of(run.history);
  const auto known = [&run](Duration value) { return run.has_history ? Json(value.count()) : Json(); };
  return {{"gap_from_ns", gap.from.count()},
          {"gap_ns", gap.lasted.count()},
          {"recoveries", recoveries_of(run)},
          {"latency_ns",
           {{"p50", known(latency.p50)},
            {"p90", known(latency.p90)},
            {"p99", known(latency.p99)},
            {"max", known(latency.max)}}}};
}

Json trace_of(const PackedTrace& trace) {
  Json kinds = Json::array();
  for (const Kind& kind : trace.kinds) {
    Json wide = Json::array();
    for (const bool is_wide : kind.wide) wide.push_back(is_wide ? 1 : 0);
    kinds.push_back({{"name", kind.name},
                     {"fields", kind.fields},
                     {"wide", wide},
                     {"total", kind.total},
                     {"kept", kind.kept}});
  }
  Json lives = Json::array();
  for (const Life& life : trace.lives) lives.push_back(Json::array({life.node, life.incarnation}));
  Json wide = Json::array();
  for (const std::uint64_t value : trace.wide) wide.push_back(cat(value));
  return {{"total", trace.total}, {"kept", trace.kept},   {"kinds", kinds},
          {"lives", lives},       {"texts", trace.texts}, {"wide", wide}};
}

Json traffic_of(const Traffic& traffic) {
  Json kinds = Json::array();
  for (const auto& [kind, frames] : traffic.kinds())
    kinds.push_back({{"channel", kind.channel},
                     {"brings_entries", kind.brings_entries},
                     {"sent", frames.sent},
                     {"bytes", frames.bytes},
                     {"dropped", frames.dropped}});
  Json links = Json::array();
  for (const auto& [ends, link] : traffic.links())
    links.push_back(Json::array({ends.first, ends.second, link.ended, link.dropped, link.field}));
  Json reasons = Json::array();
  for (const auto& [reason, count] : traffic.reasons()) reasons.push_back(Json::array({reason, count}));
  return {{"stretch_ns", traffic.stretch().count()},
          {"kinds", kinds},
          {"dropped", traffic.dropped()},
          {"reasons", reasons},
          {"links", links},
          {"entries", traffic.entries()}};
}

Json members_of(const Members& members) {
  const auto number = [](const std::optional<std::uint64_t>& value) { return value ? Json(*value) : Json(); };
  Json rows = Json::object();
  for (const auto& [name, member] : members.by_name())
    rows[name] = {{"durable", number(member.durable)},
                  {"applied", number(member.applied)},
                  {"digest", member.digest ? Json(hex16(*member.digest)) : Json()},
                  {"syncs", member.syncs},
                  {"failed_syncs", member.failed_syncs},
                  {"log_busy_ns", member.log_busy.count()}};
  return rows;
}

Json lag_of(const Members& members) {
  Json median = Json::array(), worst = Json::array();
  for (const Lag& lag : members.lags()) {
    median.push_back(lag.median);
    worst.push_back(lag.worst);
  }
  return {{"stretch_ns", members.stretch().count()}, {"median", median}, {"worst", worst}};
}

Json json_of(const WholeTrace& whole) {
  return {{"traffic", traffic_of(whole.traffic)},
          {"members", members_of(whole.members)},
          {"lag", lag_of(whole.members)}};
}

Json json_of(const Counterpart& other) {
  Json out{{"name", other.run.name},
           {"report", Json::parse(reports::to_json_text(other.run.report))},
           {"series", series_of(other.run)},
           {"availability", availability_of(other.run)},
           {"difference", other.difference}};
  if (!other.run.has_history) out["no_history"] = true;
  if (other.parts_at) out["parts_at"] = *other.parts_at;
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(bytes.size() / 3 * 4 + 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t digit = 0; digit < 4; ++digit)
      out.push_back(digit <= count ? kDigits[group >> (18 - 6 * digit) & 63] : '=');
  }
  return out;
}

std::string program() {
  std::string out = "'use strict';\n";
  for (const std::string_view part :
       {basics_js(), model_js(), view_js(), filter_js(), hand_js(), timeline_js(), tools_js(), charts_js(),
        registers_js(), panels_js()})
    out += part;
  return out;
}

}  // namespace

// What is too much is taken from the events, and a little more, for fewer events do not become shorter alike.
Budget smaller(Budget budget, const PackedTrace& trace, std::size_t bytes) {
  constexpr std::size_t kMargin = kMostBytes / 200;
  const std::size_t of_events = trace.bytes.size() / 3 * 4;
  const std::size_t too_much = bytes - std::min(bytes, kMostBytes) + kMargin;
  const std::uint64_t events = std::min(budget.events, trace.kept);
  budget.events = of_events <= too_much ? 0 : events * (of_events - too_much) / of_events;
  return budget;
}

std::vector<std::uint64_t> named_events(const reports::Report& report) {
  static constexpr std::string_view kBegin = "event ";
  std::vector<std::uint64_t> orders;
  for (const reports::Verdict& verdict : report.verdicts) {
    for (const std::string_view line : verdict.evidence) {
      std::uint64_t order = 0;
      if (!line.starts_with(kBegin)) continue;
      const char* const digits = line.data() + kBegin.size();
      if (std::from_chars(digits, line.data() + line.size(), order).ec == std::errc())
        orders.push_back(order);
    }
  }
  return orders;
}

std::string page_of(const RecordedRun& run, const Counterpart* other) {
  // What the report says is what report.json says: one writer of both.
  Json document{{"report", Json::parse(reports::to_json_text(run.report))},
                {"scenario", run.scenario},
                {"command", run.command},
                {"operations", operations_of(run.history)},
                {"series", series_of(run)},
                {"availability", availability_of(run)}};
  document["name"] = run.name;
  if (!run.has_history) document["no_history"] = true;
  if (run.trace != nullptr) document["trace"] = trace_of(*run.trace);
  if (run.whole != nullptr) document["whole"] = json_of(*run.whole);
  if (other != nullptr) document["other"] = json_of(*other);
  return filled(page_html(),
                {{"title", reports::escaped_markup(
                               cat(run.report.scenario, ": ", reports::to_string(run.report.outcome())))},
                 {"style", style_css()},
                 {"data", text_of(document)},
                 {"events", run.trace == nullptr ? std::string() : base64(run.trace->bytes)},
                 {"program", program()}});
}

}  // namespace lockstep::page
