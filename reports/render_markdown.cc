// Markdown: the answer, what went wrong, then the table folded away if all of it holds.
#include <algorithm>

#include "base/text.h"
#include "reports/escape.h"
#include "reports/render.h"

namespace lockstep::reports {
namespace {

std::string_view sign_of(Outcome outcome) {
  return outcome == Outcome::kHolds ? "✅" : outcome == Outcome::kViolated ? "❌" : "⚠️";
}

std::string row(const Verdict& verdict) {
  return cat("| ", sign_of(verdict.outcome), " ", to_string(verdict.outcome), " | ",
             escaped_markdown(verdict.name), " | ", escaped_markdown(verdict.promise), " | ",
             escaped_markdown(measures(verdict)), " |\n");
}

// Evidence as it is: a block, whose fence is longer than any run of backticks in it.
std::string block(const std::vector<std::string>& lines) {
  std::size_t longest = 2, current = 0;
  std::string text;
  for (const std::string& line : lines) text += cat(line, "\n");
  for (const char c : text) {
    current = c == '`' ? current + 1 : 0;
    longest = std::max(longest, current);
  }
  const std::string fence(longest + 1, '`');
  return cat(fence, "text\n", text, fence, "\n\n");
}

std::string excuses(const Report& report) {
  std::string list;
  for (const Verdict& verdict : report.verdicts)
    for (const std::string& line : verdict.excused)
      list += cat("- excused by **", escaped_markdown(verdict.name), "**: ", escaped_markdown(line), "\n");
  return list.empty() ? list : list + "\n";
}

std::string fault_row(const FaultRecord& fault) {
  const std::string effect = !fault.skipped.empty() ? cat("skipped: ", fault.skipped)
                             : fault.fired == 0     ? "never fired"
                                                    : cat(fault.fired, "×");
  return cat("| ", escaped_markdown(fault.kind), " | ", escaped_markdown(fault.description), " | ",
             escaped_markdown(effect), " |\n");
}

}  // namespace

std::string to_markdown(const Report& report, std::string_view command) {
  const Outcome outcome = report.outcome();
  std::string out =
      cat("### ", sign_of(outcome), " ", escaped_markdown(report.scenario), ": ", to_string(outcome), "\n\n");
  out += cat("Seed ", report.seed, ", ",
             report.world == World::kReal ? std::string("on real processes")
                                          : cat("trace `", hex16(report.trace_hash), "`"),
             ", ", readable(report.simulated), "; ", report.operations.ok, " operations ok, ",
             report.operations.failed, " failed, ", report.operations.unknown, " unknown; ",
             report.trace_events, " events.\n\n");
  if (report.operations.ok < report.min_ok)
    out += cat("Only ", report.operations.ok, " operations succeeded, at least ", report.min_ok,
               " were expected.\n\n");
  if (report.idle_faults_allowed && report.lacks_faults()) out += "None of its faults took effect.\n\n";
  for (const Verdict& verdict : report.verdicts) {
    if (verdict.evidence.empty()) continue;
    out += cat("**", escaped_markdown(verdict.name), "**: ", escaped_markdown(verdict.promise), "\n\n",
               block(verdict.evidence));
  }
  out += excuses(report);
  if (!command.empty()) out += block({std::string(command)});
  out += cat("<details", outcome == Outcome::kHolds ? "" : " open", "><summary>", report.verdicts.size(),
             " promises, ", report.faults.size(), " faults</summary>\n\n");
  out += "| verdict | row | promise | checked |\n|---|---|---|---|\n";
  for (const Verdict& verdict : report.verdicts) out += row(verdict);
  if (!report.faults.empty()) out += "\n| fault | when and whom | took effect |\n|---|---|---|\n";
  for (const FaultRecord& fault : report.faults) out += fault_row(fault);
  return escaped_terminal_lines(out + "\n</details>\n");  // it is looked at in terminals, too
}

}  // namespace lockstep::reports
