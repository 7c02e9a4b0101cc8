// Quantiles, and two columns.
#include "reports/fidelity.h"

#include <algorithm>

#include "base/text.h"
#include "reports/render.h"

namespace lockstep::reports {
namespace {

constexpr std::size_t kNameWidth = 26;
constexpr std::size_t kColumnWidth = 14;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size() + 1), ' ');
  return text;
}

std::string row(std::string name, std::string real, std::string simulated) {
  return cat("  ", padded(std::move(name), kNameWidth), padded(std::move(real), kColumnWidth), simulated,
             "\n");
}

std::string row(std::string name, std::uint64_t real, std::uint64_t simulated) {
  return row(std::move(name), cat(real), cat(simulated));
}

std::string row(std::string name, Duration real, Duration simulated) {
  return row(std::move(name), finely_readable(real), finely_readable(simulated));
}

std::string outcome_of(const WorldSummary& world, const std::string& name) {
  const auto found = std::find_if(world.verdicts.begin(), world.verdicts.end(),
                                  [&name](const Verdict& verdict) { return verdict.name == name; });
  return found == world.verdicts.end() ? "-" : std::string(to_string(found->outcome));
}

}  // namespace

LatencyQuantiles latency_of(const History& history) {
  std::vector<std::int64_t> all;
  for (const Operation& operation : history.operations())
    if (operation.completion == Completion::kOk)
      all.push_back(operation.returned.time_ns - operation.invoked.time_ns);
  if (all.empty()) return {};
  std::sort(all.begin(), all.end());
  const auto at = [&all](std::size_t percent) { return Duration(all[(all.size() - 1) * percent / 100]); };
  return {.p50 = at(50), .p90 = at(90), .p99 = at(99), .max = Duration(all.back())};
}

std::string to_text(const Fidelity& fidelity) {
  const WorldSummary& real = fidelity.real;
  const WorldSummary& simulated = fidelity.simulated;
  std::string out = row("fidelity", "real", "simulated");
  out += row("verdict", std::string(to_string(real.outcome)), std::string(to_string(simulated.outcome)));
  for (const Verdict& verdict : real.verdicts)
    if (const std::string other = outcome_of(simulated, verdict.name); other != to_string(verdict.outcome))
      out += row(cat("  ", verdict.name), std::string(to_string(verdict.outcome)), other);
  out += row("candidacies", real.elections.candidacies, simulated.elections.candidacies);
  out += row("leaders elected", real.elections.leaders, simulated.elections.leaders);
  out += row("operations ok", real.operations.ok, simulated.operations.ok);
  out += row("operations failed", real.operations.failed, simulated.operations.failed);
  out += row("operations unknown", real.operations.unknown, simulated.operations.unknown);
  out += row("latency of ok, p50", real.latency.p50, simulated.latency.p50);
  out += row("  p90", real.latency.p90, simulated.latency.p90);
  out += row("  p99", real.latency.p99, simulated.latency.p99);
  out += row("  max", real.latency.max, simulated.latency.max);
  return out;
}

}  // namespace lockstep::reports
