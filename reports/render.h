// Verdicts and reports as terminal text and as JSON.
#pragma once

#include <string>

#include "reports/report.h"

namespace lockstep::reports {

struct TextStyle {
  bool colours = false;  // ANSI colours for outcomes
};

// For people: milliseconds below a second, else seconds with three decimals; by integer arithmetic.
std::string readable(Duration duration);

// Ends with a line end. Untrusted bytes in evidence are printed as they are given: callers quote them as
// JSON.
std::string to_text(const Verdict& verdict, const TextStyle& style = {});
// Verdict line, table of verdicts, one line per fault, then evidence.
std::string to_text(const Report& report, const TextStyle& style = {});

// Keys are stable: tools read them. Indented by two, ends with a line end.
std::string to_json_text(const Verdict& verdict);
std::string to_json_text(const Report& report);

}  // namespace lockstep::reports
