// Reads a report.json back: what was recorded is all that the renderers of another day need.
#pragma once

#include <string_view>

#include "base/result.h"
#include "reports/report.h"

namespace lockstep::reports {

// docs/format/report.md. `file` names the text in errors: "FILE: expected ...". What came into the format
// later may be missing; a verdict that its own rows contradict is refused.
Result<Report> parse_report(std::string_view file, std::string_view text);

}  // namespace lockstep::reports
