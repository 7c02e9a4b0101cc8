// Files are read whole but for the trace, which may be large.
#include "cli/recorded.h"

#include <algorithm>
#include <fstream>
#include <functional>

#include "base/text.h"
#include "cli/files.h"
#include "cli/trace_identity.h"
#include "reports/page/page.h"
#include "reports/report_reader.h"
#include "reports/trace.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// Every event of a trace, in order.
Status each_event(const fs::path& path, const std::function<void(const reports::TraceEvent&)>& visit) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::kNotFound, cat(path.string(), ": cannot be read"));
  reports::TraceReader reader(path.string(), in);
  while (true) {
    auto event = reader.next();
    if (!event && event.error().code == ErrorCode::kEnd) return {};
    if (!event) return std::unexpected(std::move(event).error());
    visit(*event);
  }
}

fs::path trace_file_of(const RecordedRun& run) { return run.directory / "trace.jsonl"; }

struct SurveyedTrace {
  page::TraceSurvey survey;
  page::WholeTrace whole;
};

// Only of the run's own trace: what lies there may be a part of it, or another run's.
Result<SurveyedTrace> surveyed(const RecordedRun& run) {
  const fs::path path = trace_file_of(run);
  SurveyedTrace out{.survey = {}, .whole = page::WholeTrace(run.report.simulated)};
  TraceIdentity identity;
  LOCKSTEP_TRY_STATUS(each_event(path, [&](const reports::TraceEvent& event) {
    out.survey.see(event);
    out.whole.see(event);
    identity.see(event);
  }));
  LOCKSTEP_TRY_STATUS(identity.belongs_to(run.report, path.string()));
  out.whole.finish();
  return out;
}

Result<page::PackedTrace> packed(const RecordedRun& run, const page::TraceSurvey& survey,
                                 const page::Budget& budget) {
  page::TracePacker packer(survey, budget);
  LOCKSTEP_TRY_STATUS(
      each_event(trace_file_of(run), [&](const reports::TraceEvent& event) { packer.see(event); }));
  return packer.finish();
}

page::RecordedRun shown(const RecordedRun& run) {
  return {.name = run.directory.string(),
          .report = run.report,
          .history = run.history,
          .has_history = run.has_history,
          .scenario = run.scenario,
          .command = command_of(run)};
}

// With as many events as there is room for.
Result<std::string> fitting_page_of(const RecordedRun& run, const page::Counterpart* other) {
  page::RecordedRun content = shown(run);
  if (!has_trace(run)) return page::page_of(content, other);
  LOCKSTEP_TRY(whole_trace, surveyed(run));
  content.whole = &whole_trace.whole;
  page::Budget budget{.around = page::named_events(run.report)};
  while (true) {
    LOCKSTEP_TRY(trace, packed(run, whole_trace.survey, budget));
    content.trace = &trace;
    std::string text = page::page_of(content, other);
    if (text.size() < page::kMostBytes || budget.events == 0) return text;
    budget = page::smaller(std::move(budget), trace, text.size());
  }
}

}  // namespace

Result<RecordedRun> read_recorded(const fs::path& directory) {
  const std::string report_file = (directory / "report.json").string();
  LOCKSTEP_TRY(report_text, read_whole_file(report_file, kMostBytesRecorded));
  LOCKSTEP_TRY(report, reports::parse_report(report_file, report_text));
  RecordedRun run{.directory = directory, .report = std::move(report), .history = {}, .has_history = false, .scenario = {}};
  if (const fs::path file = directory / "history.jsonl"; is_file(file)) {
    LOCKSTEP_TRY(text, read_whole_file(file.string(), kMostBytesRecorded));
    LOCKSTEP_TRY(history, reports::parse_history(file.string(), text));
    run.history = std::move(history);
    run.has_history = true;
  }
  if (const fs::path file = directory / "scenario.json"; is_file(file)) {
    LOCKSTEP_TRY(text, read_whole_file(file.string(), kMostBytesRecorded));
    run.scenario = std::move(text);
  }
  return run;
}

Result<std::vector<fs::path>> run_directories(const std::vector<std::string>& arguments) {
  std::vector<fs::path> out;
  for (const std::string& argument : arguments) {
    const fs::path directory = fs::path(argument).lexically_normal();
    if (is_file(directory / "report.json")) {
      out.push_back(directory);
      continue;
    }
    std::vector<fs::path> below;
    std::error_code error;
    for (fs::directory_iterator each(directory, error), end; !error && each != end; each.increment(error))
      if (is_file(each->path() / "report.json")) below.push_back(each->path());
    if (below.empty())
      return fail(
          ErrorCode::kNotFound,
          cat(argument,
              ": expected the directory of a run, with a report.json in it or in directories below it"));
    std::ranges::sort(below);
    out.insert(out.end(), below.begin(), below.end());
  }
  return out;
}

std::string command_of(const RecordedRun& run) {
  const bool real = run.report.world == reports::World::kReal;
  return cat("lockstep run ", (run.directory / "scenario.json").string(), real ? " --on real" : "");
}

bool has_trace(const RecordedRun& run) { return is_file(trace_file_of(run)); }

Status check_trace(const RecordedRun& run) {
  TraceIdentity identity;
  LOCKSTEP_TRY_STATUS(
      each_event(trace_file_of(run), [&](const reports::TraceEvent& event) { identity.see(event); }));
  return identity.belongs_to(run.report, trace_file_of(run).string());
}

Result<std::string> page_of(const RecordedRun& run) { return fitting_page_of(run, nullptr); }

Result<std::string> page_of(const RecordedRun& run, const RecordedRun& other,
                            const reports::TraceComparison* parting) {
  const page::RecordedRun beside = shown(other);
  page::Counterpart counterpart{.run = beside, .difference = {}};
  if (parting != nullptr) {
    counterpart.difference =
        reports::to_text(*parting, {.first = run.directory.string(), .second = other.directory.string()});
    if (parting->difference && !parting->difference->first.events.empty())
      counterpart.parts_at = parting->difference->first.events.front().order;
  }
  return fitting_page_of(run, &counterpart);
}

}  // namespace lockstep::cli
