// JUnit XML as CI systems read it: what is undecided or vacuous counts as failed, as in the exit code.
#include "base/text.h"
#include "reports/escape.h"
#include "reports/render.h"

namespace lockstep::reports {
namespace {

struct Case {
  std::string name;
  std::string promise;
  Outcome outcome = Outcome::kHolds;
  std::vector<std::string> evidence;
  std::vector<std::string> excused{};
};

std::vector<Case> cases_of(const Report& report) {
  std::vector<Case> cases;
  for (const Verdict& verdict : report.verdicts)
    cases.push_back({verdict.name, verdict.promise, verdict.outcome, verdict.evidence, verdict.excused});
  Case purpose{"purpose", "every fault took effect and enough operations succeeded", Outcome::kHolds, {}};
  for (const FaultRecord& fault : report.faults)
    if (report.lacks_faults() && fault.fired == 0 && fault.skipped.empty())
      purpose.evidence.push_back(cat("fault ", fault.kind, " never fired: ", fault.description));
  if (report.operations.ok < report.min_ok)
    purpose.evidence.push_back(cat("only ", report.operations.ok, " operations succeeded, at least ",
                                   report.min_ok, " were expected"));
  if (!purpose.evidence.empty()) purpose.outcome = Outcome::kVacuous;
  cases.push_back(std::move(purpose));
  return cases;
}

std::string in_seconds(Duration duration) {
  const std::int64_t ms = duration.count() / 1'000'000;
  return cat(ms / 1000, ".", cat(1000 + ms % 1000).substr(1));
}

void append_case(std::string& out, const Case& each, const std::string& suite) {
  out +=
      cat("    <testcase classname=\"", escaped_markup(suite), "\" name=\"", escaped_markup(each.name), "\"");
  if (each.outcome == Outcome::kHolds && each.excused.empty()) {
    out += "/>\n";
    return;
  }
  out += ">\n";
  if (each.outcome != Outcome::kHolds) {
    // Lists of results show the message alone: it says what is, not what should be.
    const std::string& message = each.evidence.empty() ? each.promise : each.evidence.front();
    out += cat("      <failure type=\"", to_string(each.outcome), "\" message=\"", escaped_markup(message),
               "\">promised: ", escaped_markup(each.promise), "\n");
    for (const std::string& line : each.evidence) out += cat(escaped_markup(line), "\n");
    out += "</failure>\n";
  }
  if (!each.excused.empty()) {
    out += "      <system-out>";
    for (const std::string& line : each.excused) out += cat("excused: ", escaped_markup(line), "\n");
    out += "</system-out>\n";
  }
  out += "    </testcase>\n";
}

}  // namespace

std::string to_junit(const std::vector<Report>& reports) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const Report& report : reports) {
    const std::vector<Case> cases = cases_of(report);
    std::size_t failures = 0;
    for (const Case& each : cases) failures += each.outcome == Outcome::kHolds ? 0 : 1;
    const std::string suite = cat(report.scenario, "-", report.seed);
    out += cat("  <testsuite name=\"", escaped_markup(suite), "\" tests=\"", cases.size(), "\" failures=\"",
               failures, "\" time=\"", in_seconds(report.real), "\">\n");
    for (const Case& each : cases) append_case(out, each, suite);
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace lockstep::reports
