// What the processes of a real run wrote down for people, counted by level.
#pragma once

#include <istream>
#include <string>

#include "reports/report.h"

namespace lockstep::real {

// Of one process. A line is a time, a level and a remark; one that has no level counts as "other". A log that
// cannot be read has no lines.
reports::NodeLog summary_of_log(std::string node, std::istream& log);

}  // namespace lockstep::real
