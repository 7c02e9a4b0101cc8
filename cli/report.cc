// Pages lie beside their runs, an index above them; everything else is one document.
#include "cli/report.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/files.h"
#include "cli/recorded.h"
#include "reports/escape.h"
#include "reports/page/page.h"
#include "reports/render.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kBadInput = 2;

Result<std::vector<RecordedRun>> read_all(const std::vector<std::string>& arguments) {
  LOCKSTEP_TRY(directories, run_directories(arguments));
  std::vector<RecordedRun> runs;
  for (const fs::path& directory : directories) {
    LOCKSTEP_TRY(run, read_recorded(directory));
    runs.push_back(std::move(run));
  }
  return runs;
}

std::string document_of(const std::vector<RecordedRun>& runs, const ReportArguments& arguments) {
  std::vector<reports::Report> all;
  std::string text;
  auto list = nlohmann::ordered_json::array();
  for (const RecordedRun& run : runs) {
    all.push_back(run.report);
    if (arguments.format == "markdown") text += cat(reports::to_markdown(run.report, command_of(run)), "\n");
    if (arguments.format == "text")
      text += reports::to_text(run.report, {.colours = arguments.colours && arguments.out.empty()});
    if (arguments.format == "json")
      list.push_back(nlohmann::ordered_json::parse(reports::to_json_text(run.report)));
  }
  if (arguments.format == "junit") return reports::to_junit(all);
  if (arguments.format == "json") return (list.size() == 1 ? list.front() : list).dump(2) + "\n";
  return text;
}

std::string link_to(const fs::path& page, const fs::path& index) {
  std::error_code error;
  const fs::path from = fs::absolute(index, error).lexically_normal().parent_path();
  return fs::absolute(page, error).lexically_normal().lexically_relative(from).string();
}

// A page for each run that left a trace, and a table of all.
Result<fs::path> write_pages(const std::vector<RecordedRun>& runs, const ReportArguments& arguments) {
  if (runs.size() == 1) {
    const fs::path file =
        arguments.out.empty() ? runs.front().directory / "report.html" : fs::path(arguments.out);
    LOCKSTEP_TRY(text, page_of(runs.front()));
    LOCKSTEP_TRY_STATUS(write_whole_file(file, text));
    return file;
  }
  const fs::path index =
      arguments.out.empty() ? runs.front().directory.parent_path() / "index.html" : fs::path(arguments.out);
  std::vector<page::IndexRow> rows;
  for (const RecordedRun& run : runs) {
    const fs::path file = run.directory / "report.html";
    if (has_trace(run)) {
      LOCKSTEP_TRY(text, page_of(run));
      LOCKSTEP_TRY_STATUS(write_whole_file(file, text));
    }
    std::error_code error;
    rows.push_back(
        {.link = fs::exists(file, error) ? link_to(file, index) : std::string(), .report = run.report});
  }
  LOCKSTEP_TRY_STATUS(write_whole_file(index, page::index_of(rows)));
  return index;
}

}  // namespace

int render_reports(const ReportArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto complain = [&err](const Error& error) {
    err << "lockstep report: " << reports::escaped_terminal(error.message) << '\n';
    return kBadInput;
  };
  const auto runs = read_all(arguments.directories);
  if (!runs) return complain(runs.error());
  if (arguments.format == "html") {
    const auto file = write_pages(*runs, arguments);
    if (!file) return complain(file.error());
    for (const RecordedRun& run : *runs)
      if (!run.has_history && (runs->size() == 1 || has_trace(run)))
        err << "lockstep report: " << reports::escaped_terminal(run.directory.string())
            << ": there is no history.jsonl: its page knows no operations and no latencies\n";
    out << file->string() << '\n';
    return 0;
  }
  const std::string document = document_of(*runs, arguments);
  if (arguments.out.empty()) {
    out << document;
    return 0;
  }
  const auto written = write_whole_file(arguments.out, document);
  return written ? 0 : complain(written.error());
}

}  // namespace lockstep::cli
