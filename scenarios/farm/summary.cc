// Sums over rows, and tables.
#include "scenarios/farm/summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "base/text.h"
#include "reports/render.h"
#include "scenarios/chaos/draw.h"
#include "scenarios/chaos/fault_families.h"
#include "scenarios/cluster_state.h"

namespace lockstep::farm {
namespace {

using reports::counted;
using scenarios::Condition;
using scenarios::kConditions;

constexpr std::size_t kMostListed = 20;  // failures

// The verbs of all families, in their order.
std::vector<std::string> drawn_verbs() {
  std::vector<std::string> all;
  for (const chaos::FaultFamily* family : chaos::fault_families())
    for (const std::string_view verb : family->verbs)
      if (!verb.empty() && std::find(all.begin(), all.end(), verb) == all.end()) all.emplace_back(verb);
  return all;
}

// Only dead nodes are restarted, and where no majority runs hardly anything reaches a probe or asks a disk or
// a link for much.
bool must_strike(std::string_view verb, Condition condition) {
  if (verb == "restart") return condition != Condition::kStable;
  // A plant does not ask what the cluster goes through.
  if (verb.starts_with("sensor_") || verb.starts_with("actuator_")) return condition == Condition::kStable;
  // A lying disk is alone: until its node loses the power, all is well.
  if (verb == "disk_lie") return condition == Condition::kStable;
  const bool wants_traffic = verb == "crash" || verb == "pause" || verb == "clog" || verb == "swizzle" ||
                             verb == "reset" || verb == "out_of_memory" || verb.starts_with("disk_");
  if (wants_traffic) return condition != Condition::kMajorityDown;
  return true;
}

std::uint64_t times_struck(const TotalCoverage& coverage, const std::string& verb, Condition condition) {
  const auto of_verb = coverage.struck.find(verb);
  if (of_verb == coverage.struck.end()) return 0;
  const auto found = of_verb->second.find(std::string(to_string(condition)));
  return found == of_verb->second.end() ? 0 : found->second.times;
}

std::vector<std::string> zeros_of(const TotalCoverage& coverage) {
  std::vector<std::string> zeros;
  if (coverage.rare_events.empty()) zeros.push_back("no run told of rare events");
  for (const auto& [name, occurrence] : coverage.rare_events)
    if (occurrence.times == 0) zeros.push_back(cat("never: ", name));
  for (const std::string& verb : drawn_verbs())
    for (const Condition condition : kConditions)
      if (must_strike(verb, condition) && times_struck(coverage, verb, condition) == 0)
        zeros.push_back(cat("never: ", verb, " while the cluster was \"", to_string(condition), "\""));
  return zeros;
}

Duration quantile(const std::vector<Duration>& sorted, std::uint64_t percent) {
  return sorted.empty() ? Duration() : sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

constexpr std::size_t kVerbWidth = 16;  // of the longest

std::string padded_left(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}
std::string padded(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : text + std::string(width - text.size(), ' ');
}

std::string rare_table(const TotalCoverage& coverage) {
  std::size_t width = 0;
  for (const auto& [name, occurrence] : coverage.rare_events) width = std::max(width, name.size());
  std::string out =
      cat("  ", padded("rare events", width), padded_left("times", 12), padded_left("seeds", 8), "\n");
  for (const auto& [name, occurrence] : coverage.rare_events)
    append_text(out, cat("  ", padded(name, width), padded_left(cat(occurrence.times), 12),
                         padded_left(cat(occurrence.seeds), 8), "\n"));
  return out;
}

std::string matrix(const TotalCoverage& coverage) {
  const std::string head = "struck while";
  std::string out = cat("  ", padded(head, kVerbWidth));
  for (const Condition condition : kConditions)
    append_text(out, padded_left(std::string(to_string(condition)), 17));
  append_text(out, "\n");
  for (const std::string& verb : drawn_verbs()) {
    append_text(out, cat("  ", padded(verb, kVerbWidth)));
    for (const Condition condition : kConditions) {
      const std::uint64_t times = times_struck(coverage, verb, condition);
      append_text(out, padded_left(times > 0 || must_strike(verb, condition) ? cat(times) : "-", 17));
    }
    append_text(out, "\n");
  }
  append_text(out,
              "  (strikes that took effect; conditions overlap. 0: it could have been and was not; -: nobody "
              "expects it)\n");
  return out;
}

std::string zero_lines(const Summary& summary) {
  constexpr std::size_t kMostZeros = 12;
  if (summary.zeros.empty()) return {};
  std::string out = summary.zeros_count()
                        ? "FAILED: what never happened was not tested\n"
                        : cat("not yet there (a failure from ", kSeedsForZeros, " seeds on)\n");
  for (std::size_t i = 0; i < std::min(summary.zeros.size(), kMostZeros); ++i)
    append_text(out, cat("  ", summary.zeros[i], "\n"));
  if (summary.zeros.size() > kMostZeros)
    append_text(out, cat("  and ", summary.zeros.size() - kMostZeros, " more: every 0 above\n"));
  return out;
}

std::string failure_lines(const Summary& summary) {
  std::string out;
  for (std::size_t i = 0; i < summary.failures.size() && i < kMostListed; ++i) {
    const SeedResult& failure = summary.failures[i];
    append_text(out, cat("FAILED seed ", failure.seed, ": ", to_string(failure.outcome.signature), "\n"));
    const auto small = std::find_if(summary.minimised.begin(), summary.minimised.end(),
                                    [&](const Minimised& one) { return one.seed == failure.seed; });
    if (small == summary.minimised.end()) continue;
    append_text(out, cat("       lockstep run ", small->file.string(), "\n"));
    if (!small->small.empty())
      append_text(out, cat("       lockstep run ", small->small.string(), "   (made small)\n"));
    if (!small->page.empty()) append_text(out, cat("       page: ", small->page.string(), "\n"));
  }
  if (summary.failures.size() > kMostListed)
    append_text(out, cat("and ", summary.failures.size() - kMostListed, " more failures\n"));
  return out;
}

std::uint64_t wanted_by(std::span<const Range> ranges) {
  std::uint64_t wanted = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const Range& range = ranges[i];
    const auto earlier = ranges.first(i);
    const bool is_apart = std::ranges::none_of(
        earlier, [&](const Range& other) { return other.first <= range.last && range.first <= other.last; });
    if (is_apart) {
      wanted += range.count();
      continue;
    }
    for (std::uint64_t seed = range.first + range.shard - 1; seed <= range.last; seed += range.shards)
      wanted += std::ranges::none_of(earlier, [seed](const Range& other) { return other.holds(seed); }) ? 1 : 0;
  }
  return wanted;
}

// `done` in order of seed. Not longer than that, for it ends at the first of each range that is not there.
std::optional<std::uint64_t> first_missing_of(std::span<const Range> ranges, const std::vector<SeedResult>& done) {
  std::optional<std::uint64_t> first;
  for (const Range& range : ranges) {
    std::uint64_t seed = range.first + range.shard - 1;
    while (seed <= range.last && std::ranges::binary_search(done, seed, {}, &SeedResult::seed))
      seed += range.shards;
    if (seed <= range.last) first = std::min(seed, first.value_or(seed));
  }
  return first;
}

// Each once, without what shards left to others.
std::vector<Range> whole(const std::vector<Range>& shards) {
  std::vector<Range> out;
  for (const Range& shard : shards) {
    const Range range{.first = shard.first, .last = shard.last};
    if (std::ranges::find(out, range) == out.end()) out.push_back(range);
  }
  return out;
}

void count_field(const Outcome& outcome, Summary& summary) {
  const bool has_field = outcome.edges.value_or(0) > 0;
  summary.with_field += has_field ? 1 : 0;
  summary.with_field_failed += has_field && outcome.is_failure() ? 1 : 0;
  summary.field_unknown += outcome.edges ? 0 : 1;
}

std::string field_line(const Summary& summary) {
  std::string out = cat("  ", summary.with_field, " of ", counted(summary.done, "seeds"), " with a field, ",
                        summary.with_field_failed, " of them failed");
  if (summary.field_unknown > 0) append_text(out, cat("; of ", summary.field_unknown, " it is not known"));
  return out + "\n";
}

std::string verdict_of(const Summary& summary) {
  if (summary.has_failed()) return "failed";
  if (summary.wanted == 0) return "no seeds";
  return summary.is_incomplete() ? "incomplete" : "holds";
}

}  // namespace

Result<Summary> summarise(const Results& results, Scope scope) {
  Summary summary;
  LOCKSTEP_TRY(ranges, results.ranges());
  LOCKSTEP_TRY(all, results.all());
  LOCKSTEP_TRY(coverage, results.coverage());
  summary.ranges = scope == Scope::kWholeRanges ? whole(ranges) : std::move(ranges);
  summary.wanted = wanted_by(summary.ranges);
  summary.first_missing = first_missing_of(summary.ranges, all);
  std::vector<Duration> real;
  bool has_least = false;
  for (SeedResult& result : all) {
    const Outcome& outcome = result.outcome;
    ++summary.done;
    summary.holds += outcome.holds() ? 1 : 0;
    summary.vacuous += !outcome.holds() && !outcome.is_failure() ? 1 : 0;
    summary.operations += outcome.operations();
    summary.simulated += outcome.simulated;
    real.push_back(outcome.real);
    if (outcome.trace_hash != 0 && (!has_least || outcome.operations() < summary.least_operations)) {
      summary.least_operations = outcome.operations();
      has_least = true;
    }
    count_field(outcome, summary);
    if (outcome.is_failure()) summary.failures.push_back(std::move(result));
  }
  std::sort(real.begin(), real.end());
  summary.real_median = quantile(real, 50);
  summary.real_p99 = quantile(real, 99);
  summary.real_most = real.empty() ? Duration() : real.back();
  summary.coverage = std::move(coverage);
  summary.zeros = zeros_of(summary.coverage);
  return summary;
}

std::string to_text(const Summary& summary, const SummaryStyle& style) {
  std::string ranges;
  for (const Range& range : summary.ranges)
    append_text(ranges, cat(ranges.empty() ? "" : "; ", to_string(range)));
  std::string out = cat("chaos: ", summary.done, " of ", summary.wanted, " seeds (", ranges, ")\n");
  append_text(
      out,
      cat("  ", summary.operations, " operations, at least ", summary.least_operations, " a seed; ",
          std::chrono::duration_cast<std::chrono::seconds>(summary.simulated).count(), " s simulated\n"));
  append_text(out, field_line(summary));
  append_text(out, cat("  a seed took ", reports::readable(summary.real_median), " (median), ",
                       reports::readable(summary.real_p99), " (p99), ", reports::readable(summary.real_most),
                       " (most)\n\n"));
  append_text(out, cat(rare_table(summary.coverage), "\n", matrix(summary.coverage), "\n"));
  append_text(out, cat(zero_lines(summary), failure_lines(summary)));
  append_text(out, cat(summary.holds, " hold, ", summary.failures.size(), " failed, ", summary.vacuous,
                       " vacuous, of ", counted(summary.done, "seeds"), "\n"));
  if (summary.is_incomplete())
    append_text(out, cat(counted(summary.wanted - summary.done, "seeds"), " missing, the first is ",
                         *summary.first_missing, "\n"));
  if (!style.directory.empty()) append_text(out, cat("results: ", style.directory, "\n"));
  const std::string verdict = verdict_of(summary);
  const std::string colour = verdict == "holds" ? "\033[32m" : summary.has_failed() ? "\033[31m" : "\033[33m";
  return cat(out, "verdict: ", style.colours ? cat(colour, verdict, "\033[0m") : verdict, "\n");
}

std::string to_json_text(const Summary& summary) {
  using Json = nlohmann::ordered_json;
  Json document{{"verdict", verdict_of(summary)},
                {"seeds",
                 {{"wanted", summary.wanted},
                  {"done", summary.done},
                  {"hold", summary.holds},
                  {"vacuous", summary.vacuous},
                  {"failed", summary.failures.size()}}},
                {"field",
                 {{"seeds", summary.with_field},
                  {"failed", summary.with_field_failed},
                  {"unknown", summary.field_unknown}}},
                {"operations", summary.operations},
                {"least_operations", summary.least_operations},
                {"simulated_ns", summary.simulated.count()},
                {"real_ns",
                 {{"median", summary.real_median.count()},
                  {"p99", summary.real_p99.count()},
                  {"most", summary.real_most.count()}}},
                {"rare_events", Json::object()},
                {"struck", Json::object()},
                {"zeros", summary.zeros},
                {"failures", Json::array()}};
  for (const auto& [name, occurrence] : summary.coverage.rare_events)
    document["rare_events"][name] = {{"times", occurrence.times}, {"seeds", occurrence.seeds}};
  for (const auto& [verb, conditions] : summary.coverage.struck)
    for (const auto& [condition, occurrence] : conditions)
      document["struck"][verb][condition] = {{"times", occurrence.times}, {"seeds", occurrence.seeds}};
  for (const SeedResult& failure : summary.failures) {
    Json& row = document["failures"].emplace_back(Json{{"seed", failure.seed},
                                                       {"kind", failure.outcome.signature.kind},
                                                       {"names", failure.outcome.signature.names}});
    for (const Minimised& one : summary.minimised) {
      if (one.seed != failure.seed) continue;
      row["file"] = one.file.string();
      if (!one.small.empty()) row["small"] = one.small.string();
      if (!one.page.empty()) row["page"] = one.page.string();
    }
  }
  return cat(document.dump(2, ' ', false, Json::error_handler_t::replace), "\n");
}

}  // namespace lockstep::farm
