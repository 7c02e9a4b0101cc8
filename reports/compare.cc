// Runs are matched by name, rows of verdicts too.
#include "reports/compare.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "reports/render.h"

namespace lockstep::reports {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kSteps = 18;  // up to 10 s

// The upper ends of the steps are 10 µs times 10^(n/3).
std::size_t step_of(std::int64_t latency_ns) {
  static constexpr std::int64_t kThirds[] = {21'544, 46'416, 100'000};  // of the first decade, in ns
  std::int64_t scale = 1;
  for (std::size_t step = 0; step + 1 < kSteps; ++step) {
    if (latency_ns < kThirds[step % 3] * scale) return step;
    if (step % 3 == 2) scale *= 10;
  }
  return kSteps - 1;
}

using Runs = std::vector<const ComparedRun*>;

CampaignTotals totals_of(const Runs& runs) {
  CampaignTotals totals;
  totals.distribution.assign(kSteps, 0);
  std::vector<std::int64_t> latencies;
  for (const ComparedRun* run : runs) {
    ++totals.runs;
    if (run->report.outcome() == Outcome::kHolds) ++totals.hold;
    totals.operations.ok += run->report.operations.ok;
    totals.operations.failed += run->report.operations.failed;
    totals.operations.unknown += run->report.operations.unknown;
    if (run->report.elections) {
      totals.elections.candidacies += run->report.elections->candidacies;
      totals.elections.leaders += run->report.elections->leaders;
    }
    totals.events += run->report.trace_events;
    latencies.insert(latencies.end(), run->latencies.begin(), run->latencies.end());
  }
  for (const std::int64_t latency : latencies) ++totals.distribution[step_of(latency)];
  if (latencies.empty()) return totals;
  std::ranges::sort(latencies);
  const auto at = [&latencies](std::size_t percent) {
    return Duration(latencies[(latencies.size() - 1) * percent / 100]);
  };
  totals.latency = {.p50 = at(50), .p90 = at(90), .p99 = at(99), .max = Duration(latencies.back())};
  return totals;
}

std::optional<Outcome> outcome_of(const Report& report, const std::string& row) {
  const auto found = std::ranges::find(report.verdicts, row, &Verdict::name);
  if (found == report.verdicts.end()) return std::nullopt;
  return found->outcome;
}

void append_changes(std::vector<VerdictChange>& changes, const ComparedRun& first,
                    const ComparedRun& second) {
  const Outcome before = first.report.outcome();
  const Outcome after = second.report.outcome();
  if (before != after) changes.push_back({first.name, {}, before, after});
  for (const Verdict& verdict : first.report.verdicts) {
    const auto now = outcome_of(second.report, verdict.name);
    if (now != verdict.outcome) changes.push_back({first.name, verdict.name, verdict.outcome, now});
  }
  for (const Verdict& verdict : second.report.verdicts)
    if (!outcome_of(first.report, verdict.name))
      changes.push_back({first.name, verdict.name, std::nullopt, verdict.outcome});
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size() + 2), ' ');
  return text;
}

std::string named(const std::optional<Outcome>& outcome) {
  return outcome ? std::string(to_string(*outcome)) : "-";
}

// Three columns, as wide as the longer name asks for.
class Columns {
 public:
  Columns(const std::string& first, const std::string& second)
      : width_(std::max({first.size(), second.size(), std::size_t{14}}) + 2) {
    row("", first, second);
  }
  void row(const std::string& name, const std::string& first, const std::string& second) {
    std::string line = cat(padded(name, 24), padded(first, width_), second);
    line.erase(line.find_last_not_of(' ') + 1);
    text_ += cat(line, "\n");
  }
  void row(const std::string& name, std::uint64_t first, std::uint64_t second) {
    row(name, cat(first), cat(second));
  }
  void row(const std::string& name, Duration first, Duration second) {
    row(name, finely_readable(first), finely_readable(second));
  }
  const std::string& text() const { return text_; }

 private:
  std::size_t width_;
  std::string text_;
};

std::string table_of(const Comparison& comparison) {
  const CampaignTotals& a = comparison.first;
  const CampaignTotals& b = comparison.second;
  Columns columns(comparison.first_name, comparison.second_name);
  columns.row("runs", a.runs, b.runs);
  columns.row("  hold", a.hold, b.hold);
  columns.row("operations ok", a.operations.ok, b.operations.ok);
  columns.row("  failed", a.operations.failed, b.operations.failed);
  columns.row("  unknown", a.operations.unknown, b.operations.unknown);
  columns.row("leaders elected", a.elections.leaders, b.elections.leaders);
  columns.row("  candidacies", a.elections.candidacies, b.elections.candidacies);
  columns.row("events", a.events, b.events);
  columns.row("latency of ok, p50", a.latency.p50, b.latency.p50);
  columns.row("  p90", a.latency.p90, b.latency.p90);
  columns.row("  p99", a.latency.p99, b.latency.p99);
  columns.row("  max", a.latency.max, b.latency.max);
  return cat(columns.text(), "latency from 10 us to 10 s, three steps a decade\n  |", sparkline(a.distribution), "| ",
             comparison.first_name, "\n  |", sparkline(b.distribution), "| ", comparison.second_name, "\n");
}

void append_only(std::string& out, const std::vector<std::string>& runs, const std::string& where) {
  constexpr std::size_t kMost = 10;
  for (std::size_t at = 0; at < std::min(runs.size(), kMost); ++at)
    out += cat("only in ", where, ": ", runs[at], "\n");
  if (runs.size() > kMost) out += cat("only in ", where, ": ", runs.size() - kMost, " more\n");
}

Json json_of(const CampaignTotals& totals) {
  return {
      {"runs", totals.runs},
      {"hold", totals.hold},
      {"operations",
       {{"ok", totals.operations.ok},
        {"failed", totals.operations.failed},
        {"unknown", totals.operations.unknown}}},
      {"elections", {{"candidacies", totals.elections.candidacies}, {"leaders", totals.elections.leaders}}},
      {"events", totals.events},
      {"latency_ns",
       {{"p50", totals.latency.p50.count()},
        {"p90", totals.latency.p90.count()},
        {"p99", totals.latency.p99.count()},
        {"max", totals.latency.max.count()}}},
      {"latency_distribution", totals.distribution}};
}

Json json_of(const std::optional<Outcome>& outcome) { return outcome ? Json(to_string(*outcome)) : Json(); }

}  // namespace

std::vector<std::int64_t> latencies_of(const History& history) {
  std::vector<std::int64_t> out;
  for (const Operation& operation : history.operations())
    if (operation.completion == Completion::kOk)
      out.push_back(operation.returned.time_ns - operation.invoked.time_ns);
  return out;
}

bool VerdictChange::is_worse() const {
  return first && second && *first != *second && worst(*first, *second) == *second;
}

bool Comparison::got_worse() const { return in_both == 0 || std::ranges::any_of(changes, &VerdictChange::is_worse); }

Comparison compare(const Campaign& first, const Campaign& second) {
  Comparison out{.first_name = first.name,
                 .second_name = second.name,
                 .first = {},
                 .second = {},
                 .changes = {},
                 .only_first = {},
                 .only_second = {}};
  Runs firsts, seconds;  // pairs
  std::map<std::string, const ComparedRun*> others;
  for (const ComparedRun& run : second.runs) others[run.name] = &run;
  if (first.runs.size() == 1 && second.runs.size() == 1) others = {{first.runs.front().name, &second.runs.front()}};
  for (const ComparedRun& run : first.runs) {
    const auto other = others.find(run.name);
    if (other == others.end()) {
      out.only_first.push_back(run.name);
      continue;
    }
    append_changes(out.changes, run, *other->second);
    firsts.push_back(&run);
    seconds.push_back(other->second);
    others.erase(other);
  }
  for (const auto& [name, run] : others) out.only_second.push_back(name);
  out.in_both = firsts.size();
  out.first = totals_of(firsts);
  out.second = totals_of(seconds);
  return out;
}

std::string to_text(const Comparison& comparison) {
  std::string out = comparison.in_both > 0 ? table_of(comparison) : "";
  append_only(out, comparison.only_first, comparison.first_name);
  append_only(out, comparison.only_second, comparison.second_name);
  const bool is_whole = comparison.only_first.empty() && comparison.only_second.empty();
  if (comparison.in_both == 0) return out + "no run is in both: nothing was compared\n";
  if (!is_whole) out += cat(counted(comparison.in_both, "runs"), " in both; the others were neither counted nor compared\n");
  if (comparison.changes.empty())
    return out + (is_whole ? "no verdict changed\n" : "no verdict changed in what is in both\n");
  for (const VerdictChange& change : comparison.changes)
    out += cat(change.is_worse() ? "worse: " : "changed: ", change.run,
               change.row.empty() ? "" : cat(", ", change.row), ": ", named(change.first), " -> ",
               named(change.second), "\n");
  return out;
}

std::string to_json_text(const Comparison& comparison) {
  Json changes = Json::array();
  for (const VerdictChange& change : comparison.changes)
    changes.push_back({{"run", change.run},
                       {"row", change.row},
                       {"first", json_of(change.first)},
                       {"second", json_of(change.second)},
                       {"worse", change.is_worse()}});
  Json json{{"first", {{"name", comparison.first_name}}},
            {"second", {{"name", comparison.second_name}}},
            {"changes", changes},
            {"only_first", comparison.only_first},
            {"only_second", comparison.only_second},
            {"in_both", comparison.in_both},
            {"worse", comparison.got_worse()}};
  json["first"].update(json_of(comparison.first));
  json["second"].update(json_of(comparison.second));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep::reports
