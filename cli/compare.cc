// Reads what was recorded; a trace is never in memory as a whole.
#include "cli/compare.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <vector>

#include "base/text.h"
#include "cli/files.h"
#include "cli/recorded.h"
#include "reports/compare.h"
#include "reports/escape.h"
#include "reports/trace_diff.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kBadInput = 2;

Result<fs::path> trace_of(const std::string& argument) {
  std::error_code error;
  const fs::path path(argument);
  if (!fs::is_directory(path, error)) return path;
  if (fs::exists(path / "trace.jsonl", error)) return path / "trace.jsonl";
  return fail(ErrorCode::kNotFound,
              cat(argument, ": expected a trace.jsonl in it; `lockstep run --trace` writes one"));
}

Result<reports::TraceComparison> compared(const DiffArguments& arguments) {
  LOCKSTEP_TRY(first_path, trace_of(arguments.first));
  LOCKSTEP_TRY(second_path, trace_of(arguments.second));
  LOCKSTEP_TRY_STATUS(check_readable(first_path.string()));
  LOCKSTEP_TRY_STATUS(check_readable(second_path.string()));
  std::ifstream first_in(first_path, std::ios::binary);
  if (!first_in) return fail(ErrorCode::kNotFound, cat(first_path.string(), ": cannot be read"));
  std::ifstream second_in(second_path, std::ios::binary);
  if (!second_in) return fail(ErrorCode::kNotFound, cat(second_path.string(), ": cannot be read"));
  reports::TraceReader first(first_path.string(), first_in);
  reports::TraceReader second(second_path.string(), second_in);
  return reports::compare_traces(first, second, arguments.context);
}

Result<reports::Campaign> campaign_of(const std::string& argument) {
  LOCKSTEP_TRY(directories, run_directories({argument}));
  reports::Campaign campaign{.name = argument, .runs = {}};
  for (const fs::path& directory : directories) {
    LOCKSTEP_TRY(run, read_recorded(directory));
    std::optional<std::vector<std::int64_t>> latencies;
    if (run.has_history) latencies = reports::latencies_of(run.history);
    campaign.runs.push_back({.name = directory.filename().string(),
                             .report = std::move(run.report),
                             .scenario = std::move(run.scenario),
                             .latencies = std::move(latencies)});
  }
  return campaign;
}

// Both single runs: the page of the first, and where their traces part if both left one.
Status write_page(const CompareArguments& arguments) {
  const auto single = [](const std::string& argument) -> Result<RecordedRun> {
    LOCKSTEP_TRY(directories, run_directories({argument}));
    if (directories.size() == 1) return read_recorded(directories.front());
    return fail(ErrorCode::kInvalidArgument,
                cat(argument, ": expected the directory of one run for a page, found ", directories.size(),
                    " below it"));
  };
  LOCKSTEP_TRY(first, single(arguments.first));
  LOCKSTEP_TRY(second, single(arguments.second));
  std::optional<reports::TraceComparison> parting;
  if (has_trace(first) && has_trace(second)) {
    LOCKSTEP_TRY_STATUS(check_trace(second));  // the first one's page looks at its own
    LOCKSTEP_TRY(found, compared(DiffArguments{.first = first.directory.string(),
                                               .second = second.directory.string()}));
    parting = std::move(found);
  }
  LOCKSTEP_TRY(page, page_of(first, second, parting ? &*parting : nullptr));
  return write_whole_file(arguments.page, page);
}

Result<reports::Comparison> compared(const CompareArguments& arguments) {
  LOCKSTEP_TRY(first, campaign_of(arguments.first));
  LOCKSTEP_TRY(second, campaign_of(arguments.second));
  if (!arguments.page.empty()) LOCKSTEP_TRY_STATUS(write_page(arguments));
  return reports::compare(first, second);
}

}  // namespace

int compare_runs(const CompareArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto comparison = compared(arguments);
  if (!comparison) {
    err << "lockstep compare: " << reports::escaped_terminal(comparison.error().message) << '\n';
    return kBadInput;
  }
  out << (arguments.json ? reports::to_json_text(*comparison)
                         : reports::escaped_terminal_lines(reports::to_text(*comparison)));
  return comparison->got_worse() ? 1 : 0;
}

int diff_traces(const DiffArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto comparison = compared(arguments);
  if (!comparison) {
    err << "lockstep diff: " << reports::escaped_terminal(comparison.error().message) << '\n';
    return kBadInput;
  }
  const reports::TraceNames names{.first = arguments.first, .second = arguments.second};
  out << (arguments.json ? reports::to_json_text(*comparison, names)
                         : reports::escaped_terminal_lines(reports::to_text(*comparison, names)));
  return comparison->difference ? 1 : 0;
}

}  // namespace lockstep::cli
