// Verdicts and reports as terminal text and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/report.h"

namespace lockstep::reports {

struct TextStyle {
  bool colours = false;  // ANSI colours for outcomes
};

// For people: milliseconds below a second, else seconds with three decimals; by integer arithmetic.
std::string readable(Duration duration);
// The same, but below ten milliseconds with two decimals.
std::string finely_readable(Duration duration);
// "3 keys", "1 key".
std::string counted(std::uint64_t count, std::string_view units);
// What a verdict has checked: "3 keys, 1 replica".
std::string measures(const Verdict& verdict);
// One character a count, from a low bar to a full block; a blank is none.
std::string sparkline(const std::vector<std::uint64_t>& counts);

// Ends with a line end. Control characters, and bytes that are not UTF-8, become \xNN.
std::string to_text(const Verdict& verdict, const TextStyle& style = {});
// Verdict line, table of verdicts, one line per fault, then evidence.
std::string to_text(const Report& report, const TextStyle& style = {});

// A section for a page that renders Markdown, such as the summary of a CI run. `command` does the run again.
std::string to_markdown(const Report& report, std::string_view command);
// One suite a run, one case a verdict, and one for what makes a run vacuous.
std::string to_junit(const std::vector<Report>& reports);

// Keys are stable: tools read them. Indented by two, ends with a line end.
std::string to_json_text(const Verdict& verdict);
std::string to_json_text(const Report& report);

}  // namespace lockstep::reports
