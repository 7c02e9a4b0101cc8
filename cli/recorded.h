// Runs as they lie in report directories, and the page of one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "reports/history.h"
#include "reports/report.h"
#include "reports/trace_diff.h"

namespace lockstep::cli {

// docs/format/report.md. Only the report has to be there.
struct RecordedRun {
  std::filesystem::path directory;
  reports::Report report;
  reports::History history;
  bool has_history = true;  // false: there was no file, which is not the same as one without operations
  std::string scenario;  // scenario.json as text; empty: it was not recorded
};

// Errors name the file and what was expected there.
Result<RecordedRun> read_recorded(const std::filesystem::path& directory);

// Every directory with a report among these and directly below them, in the order of the arguments, below
// them by name.
Result<std::vector<std::filesystem::path>> run_directories(const std::vector<std::string>& arguments);

// The command that does the run again.
std::string command_of(const RecordedRun& run);

bool has_trace(const RecordedRun& run);
// Whether the trace in the directory is the run's own.
Status check_trace(const RecordedRun& run);
// HTML; its trace is read from the directory, if it is there, and must be the run's own: twice, and again
// while the page is too large.
Result<std::string> page_of(const RecordedRun& run);
// The same, with another run beside it. `parting`: of their traces, if both have one.
Result<std::string> page_of(const RecordedRun& run, const RecordedRun& other,
                            const reports::TraceComparison* parting);

}  // namespace lockstep::cli
