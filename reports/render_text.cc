// Terminal text: the answer first, then the table, then the reasons. What a file said is escaped.
#include <algorithm>

#include "base/join.h"
#include "base/text.h"
#include "reports/escape.h"
#include "reports/render.h"

namespace lockstep::reports {

namespace {

std::string coloured(Outcome outcome, std::string text, const TextStyle& style) {
  if (!style.colours) return text;
  const char* code = outcome == Outcome::kHolds ? "32" : outcome == Outcome::kViolated ? "31" : "33";
  return cat("\x1b[1;", code, "m", text, "\x1b[0m");
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::size_t widest(const std::vector<Verdict>& verdicts, std::size_t (*size)(const Verdict&)) {
  std::size_t width = 0;
  for (const Verdict& verdict : verdicts) width = std::max(width, size(verdict));
  return width;
}

void append_table(std::string& out, const std::vector<Verdict>& verdicts, const TextStyle& style) {
  const std::size_t names = widest(verdicts, [](const Verdict& verdict) { return escaped_terminal(verdict.name).size(); });
  const std::size_t outcomes =
      widest(verdicts, [](const Verdict& verdict) { return to_string(verdict.outcome).size(); });
  for (const Verdict& verdict : verdicts) {
    const std::string outcome = padded(std::string(to_string(verdict.outcome)), outcomes);
    out += cat("  ", padded(escaped_terminal(verdict.name), names), "  ", coloured(verdict.outcome, outcome, style));
    const std::string checked = escaped_terminal(measures(verdict));
    out += checked.empty() ? "\n" : cat("  ", checked, "\n");
  }
}

void append_evidence(std::string& out, const Verdict& verdict) {
  for (const std::string& line : verdict.evidence) out += cat("  ", escaped_terminal(line), "\n");
}

std::string vacuity(const Report& report) {
  std::string out;
  if (report.operations.ok < report.min_ok)
    out = cat("  only ", report.operations.ok, " operations succeeded, at least ", report.min_ok, " were expected\n");
  if (report.idle_faults_allowed && report.lacks_faults()) out += "  none of its faults took effect\n";
  return out;
}

std::string circumstances(const Report& report) {
  if (report.world == World::kReal)
    return cat("on real processes (no trace hash: no two real runs are equal), ", readable(report.simulated));
  return cat("trace ", hex16(report.trace_hash), ", ", readable(report.simulated), " simulated in ",
             readable(report.real));
}

}  // namespace

std::string sparkline(const std::vector<std::uint64_t>& counts) {
  static constexpr std::string_view kBars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::uint64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  std::string out;
  for (const std::uint64_t count : counts) out += kBars[most == 0 ? 0 : (count * 8 + most - 1) / most];
  return out;
}

// Units are words like keys, stretches, histories; what does not end so has no other form (acknowledged).
std::string counted(std::uint64_t count, std::string_view units) {
  const auto without = [&](std::size_t letters) { return units.substr(0, units.size() - letters); };
  if (count != 1 || !units.ends_with("s")) return cat(count, " ", units);
  if (units.ends_with("ies")) return cat("1 ", without(3), "y");
  const bool hisses = units.ends_with("ches") || units.ends_with("sses");
  return cat("1 ", without(hisses ? 2 : 1));
}

std::string measures(const Verdict& verdict) {
  return joined(verdict.checked, [](const Measure& measure) { return counted(measure.count, measure.unit); });
}

std::string readable(Duration duration) {
  const std::int64_t ms = duration.count() / 1'000'000;
  if (ms < 1000) return cat(ms, " ms");
  const std::string decimals = cat(1000 + ms % 1000).substr(1);
  return cat(ms / 1000, ".", decimals, " s");
}

std::string finely_readable(Duration duration) {
  constexpr Duration kCoarse = std::chrono::milliseconds(10);
  if (duration >= kCoarse) return readable(duration);
  const std::int64_t hundredths = duration.count() / 10'000;
  const std::string decimals = cat(100 + hundredths % 100).substr(1);
  return cat(hundredths / 100, ".", decimals, " ms");
}

std::string to_text(const Verdict& verdict, const TextStyle& style) {
  std::string out =
      cat(escaped_terminal(verdict.name), ": ", coloured(verdict.outcome, std::string(to_string(verdict.outcome)), style), " (",
          escaped_terminal(measures(verdict)), ")\n");
  append_evidence(out, verdict);
  for (const std::string& line : verdict.excused) out += cat("  excused: ", escaped_terminal(line), "\n");
  return out;
}

std::string to_text(const Report& report, const TextStyle& style) {
  const Outcome outcome = report.outcome();
  std::string out = cat(escaped_terminal(report.scenario), ": ", coloured(outcome, std::string(to_string(outcome)), style),
                        ", seed ", report.seed, ", ", circumstances(report), "\n");
  out += cat("  ", report.operations.ok, " operations ok, ", report.operations.failed, " failed, ",
             report.operations.unknown, " unknown; ", report.trace_events, " events\n");
  if (!report.throughput.empty())
    out += cat("  |", sparkline(report.throughput), "| ok operations per ",
               readable(report.throughput_bucket), "\n");
  out += vacuity(report);
  append_table(out, report.verdicts, style);
  for (const FaultRecord& fault : report.faults) {
    const std::string kind = escaped_terminal(fault.kind);
    if (!fault.skipped.empty()) {
      out += cat("  fault ", kind, ": skipped: ", escaped_terminal(fault.skipped), "\n");
      continue;
    }
    const std::string fired = fault.fired > 0         ? cat("fired ", fault.fired, "x")
                              : report.lacks_faults() ? coloured(Outcome::kVacuous, "never fired", style)
                                                      : "never fired, as it may";
    out += cat("  fault ", kind, ": ", escaped_terminal(fault.description), " (", fired, ")\n");
  }
  for (const Verdict& verdict : report.verdicts)
    for (const std::string& line : verdict.excused)
      out += cat("  excused by ", escaped_terminal(verdict.name), ": ", escaped_terminal(line), "\n");
  for (const std::string& sentence : report.not_applied) out += cat("  not applied: ", escaped_terminal(sentence), "\n");
  if (report.fidelity) out += escaped_terminal_lines(to_text(*report.fidelity));
  if (!report.kept.empty()) out += cat("  data and logs of the nodes: ", escaped_terminal(report.kept), "\n");
  for (const Verdict& verdict : report.verdicts) {
    if (verdict.evidence.empty()) continue;
    out += cat(escaped_terminal(verdict.name), ": ", escaped_terminal(verdict.promise), "\n");
    append_evidence(out, verdict);
  }
  return out;
}

}  // namespace lockstep::reports
