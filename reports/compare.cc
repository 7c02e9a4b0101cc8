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
    if (!run->latencies) {
      ++totals.without_history;
      continue;
    }
    latencies.insert(latencies.end(), run->latencies->begin(), run->latencies->end());
  }
  for (const std::int64_t latency : latencies) ++totals.distribution[step_of(latency)];
  if (latencies.empty()) return totals;
  std::ranges::sort(latencies);
  const auto at = [&latencies](std::size_t percent) {
    return Duration(latencies[(latencies.size() - 1) * percent / 100]);
  };
  totals.latency = LatencyQuantiles{.p50 = at(50), .p90 = at(90), .p99 = at(99), .max = Duration(latencies.back())};
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

std::string_view words_of(World world) { return world == World::kReal ? "on real processes" : "simulated"; }

std::string title_of(const Report& report) {
  return cat(report.scenario, ", seed ", report.seed, ", ", words_of(report.world));
}

// The text has the seed of its run, which is compared by itself.
Json without_seed(const std::string& scenario) {
  Json document = Json::parse(scenario, nullptr, false);
  if (document.is_object()) document.erase("seed");
  return document;
}

// By their files where both left one: two files may have one name.
bool same_scenario(const ComparedRun& first, const ComparedRun& second) {
  if (first.report.scenario != second.report.scenario) return false;
  if (first.scenario.empty() || second.scenario.empty() || first.scenario == second.scenario) return true;
  return without_seed(first.scenario) == without_seed(second.scenario);
}

ComparedPair pair_of(const ComparedRun& first, const ComparedRun& second) {
  ComparedPair pair{.run = first.name,
                    .first = title_of(first.report),
                    .second = title_of(second.report),
                    .same_scenario = same_scenario(first, second),
                    .same_seed = first.report.seed == second.report.seed,
                    .same_world = first.report.world == second.report.world};
  if (pair.is_same() && first.report.world == World::kSimulated)
    pair.same_trace = first.report.trace_hash == second.report.trace_hash;
  return pair;
}

// "another scenario and another seed"
std::string difference_of(const ComparedPair& pair) {
  std::vector<std::string_view> what;
  if (!pair.same_scenario) what.push_back("another scenario");
  if (!pair.same_seed) what.push_back("another seed");
  if (!pair.same_world) what.push_back("another world");
  std::string out;
  for (std::size_t at = 0; at < what.size(); ++at)
    out += cat(at == 0 ? "" : at + 1 == what.size() ? " and " : ", ", what[at]);
  return out;
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
  const std::string& text() const { return text_; }

 private:
  std::size_t width_;
  std::string text_;
};

std::string latency_words(const CampaignTotals& totals, Duration LatencyQuantiles::* quantile) {
  if (totals.latency) return finely_readable(*totals.latency.*quantile);
  return totals.without_history > 0 ? "no history" : "-";
}

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
  const auto latency = [&](const std::string& name, Duration LatencyQuantiles::* quantile) {
    columns.row(name, latency_words(a, quantile), latency_words(b, quantile));
  };
  latency("latency of ok, p50", &LatencyQuantiles::p50);
  latency("  p90", &LatencyQuantiles::p90);
  latency("  p99", &LatencyQuantiles::p99);
  latency("  max", &LatencyQuantiles::max);
  std::string out = columns.text();
  if (a.latency || b.latency) out += "latency from 10 us to 10 s, three steps a decade\n";
  if (a.latency) out += cat("  |", sparkline(a.distribution), "| ", comparison.first_name, "\n");
  if (b.latency) out += cat("  |", sparkline(b.distribution), "| ", comparison.second_name, "\n");
  return out;
}

// Latencies come from histories alone.
void append_missing_histories(std::string& out, const CampaignTotals& totals, const std::string& name) {
  if (totals.without_history == 0) return;
  out += cat("no history.jsonl in ", name,
             totals.runs == 1 ? "" : cat(", in ", totals.without_history, " of ", counted(totals.runs, "runs")),
             ": the latencies ", totals.without_history == totals.runs ? "are not known\n" : "are those of the others\n");
}

// Of one pair both, of many those that are no pairs of the same.
std::string pairs_text(const Comparison& comparison) {
  constexpr std::size_t kMost = 10;
  if (comparison.pairs.size() == 1) {
    const ComparedPair& pair = comparison.pairs.front();
    const std::string both = cat(comparison.first_name, ": ", pair.first, "\n", comparison.second_name, ": ", pair.second, "\n");
    if (!pair.is_same()) return cat(both, difference_of(pair), ": what changed need not be the program's doing\n");
    if (!pair.same_trace) return cat(both, "the same scenario and seed, but no two real runs are equal\n");
    return cat(both, *pair.same_trace ? "the same scenario and seed, and the traces are equal\n"
                                      : "the same scenario and seed, but the traces differ\n");
  }
  const auto count = [&comparison](auto is_counted) {
    return static_cast<std::uint64_t>(std::ranges::count_if(comparison.pairs, is_counted));
  };
  const auto is_same = [](const ComparedPair& pair) { return pair.is_same(); };
  std::string out = cat(count(is_same), " of ", counted(comparison.in_both, "runs"), " in both have the same scenario, seed and world");
  if (const auto simulated = count([](const ComparedPair& pair) { return pair.same_trace.has_value(); }); simulated > 0)
    out += cat("; the traces are equal in ", count([](const ComparedPair& pair) { return pair.same_trace == true; }), " of ", simulated);
  out += "\n";
  std::size_t told = 0;
  for (const ComparedPair& pair : comparison.pairs)
    if (!pair.is_same() && ++told <= kMost)
      out += cat(pair.run, ": ", difference_of(pair), " (", pair.first, "; ", pair.second, ")\n");
  if (told > kMost) out += cat(told - kMost, " more such runs\n");
  return out;
}

void append_only(std::string& out, const std::vector<std::string>& runs, const std::string& where) {
  constexpr std::size_t kMost = 10;
  for (std::size_t at = 0; at < std::min(runs.size(), kMost); ++at)
    out += cat("only in ", where, ": ", runs[at], "\n");
  if (runs.size() > kMost) out += cat("only in ", where, ": ", runs.size() - kMost, " more\n");
}

Json json_of(const std::optional<LatencyQuantiles>& latency) {
  if (!latency) return {};
  return {{"p50", latency->p50.count()},
          {"p90", latency->p90.count()},
          {"p99", latency->p99.count()},
          {"max", latency->max.count()}};
}

Json json_of(const ComparedPair& pair) {
  return {{"run", pair.run},
          {"first", pair.first},
          {"second", pair.second},
          {"same_scenario", pair.same_scenario},
          {"same_seed", pair.same_seed},
          {"same_world", pair.same_world},
          {"same_trace", pair.same_trace ? Json(*pair.same_trace) : Json()}};
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
      {"without_history", totals.without_history},
      {"latency_ns", json_of(totals.latency)},
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
    out.pairs.push_back(pair_of(run, *other->second));
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
  std::string out;
  if (comparison.in_both > 0) {
    out = cat(pairs_text(comparison), table_of(comparison));
    append_missing_histories(out, comparison.first, comparison.first_name);
    append_missing_histories(out, comparison.second, comparison.second_name);
  }
  append_only(out, comparison.only_first, comparison.first_name);
  append_only(out, comparison.only_second, comparison.second_name);
  const bool is_whole = comparison.only_first.empty() && comparison.only_second.empty();
  if (comparison.in_both == 0) return out + "no run is in both: nothing was compared\n";
  if (!is_whole) out += cat(counted(comparison.in_both, "runs"), " in both; the others were neither counted nor compared\n");
  if (comparison.changes.empty())
    return out + (is_whole ? "no verdict changed\n" : "no verdict changed in what is in both\n");
  for (const VerdictChange& change : comparison.changes)
    if (!change.is_gone())
      out += cat(change.is_worse() ? "worse: " : "changed: ", change.run,
                 change.row.empty() ? "" : cat(", ", change.row), ": ", named(change.first), " -> ",
                 named(change.second), "\n");
  for (const VerdictChange& change : comparison.changes)  // last, where they are seen: nobody checks them any more
    if (change.is_gone())
      out += cat("gone: ", change.run, ", ", change.row, ": ", named(change.first), " in ", comparison.first_name,
                 ", not checked in ", comparison.second_name, "\n");
  return out;
}

std::string to_json_text(const Comparison& comparison) {
  Json pairs = Json::array();
  for (const ComparedPair& pair : comparison.pairs) pairs.push_back(json_of(pair));
  Json changes = Json::array();
  for (const VerdictChange& change : comparison.changes)
    changes.push_back({{"run", change.run},
                       {"row", change.row},
                       {"first", json_of(change.first)},
                       {"second", json_of(change.second)},
                       {"worse", change.is_worse()}});
  Json json{{"first", {{"name", comparison.first_name}}},
            {"second", {{"name", comparison.second_name}}},
            {"pairs", pairs},
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
