// From files to runs, from runs to reports on the terminal and on disk.
#include "cli/run.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "base/hash.h"
#include "cli/files.h"
#include "cli/recorded.h"
#include "cli/trace_file.h"
#include "cli/vocabulary.h"
#include "json/problem.h"
#include "reports/render.h"
#include "scenarios/parse_scenario.h"
#include "scenarios/real/limits.h"
#include "scenarios/real/run_real.h"
#include "scenarios/run.h"

namespace lockstep::cli {
namespace {

using scenarios::Scenario;

// One run to be done: a file stands for several when it has a sweep.
struct Task {
  std::string name;   // of the directory of its report
  std::string title;  // of the report: the scenario's name, of a sweep with the values
  Scenario scenario;
  std::uint64_t seed = 1;
};

struct Outcome {
  reports::Report report;
  std::filesystem::path directory;
};

// Every file is read before anything runs: bad input runs nothing.
std::optional<std::vector<Task>> read_tasks(const RunArguments& arguments, std::ostream& err) {
  std::vector<Task> tasks;
  bool fine = true;
  for (const std::string& file : arguments.files) {
    const auto text = read_whole_file(file);
    if (!text) {
      err << "lockstep run: " << text.error().message << '\n';
      fine = false;
      continue;
    }
    const auto variants = scenarios::parse_scenario(*text, vocabulary());
    if (!variants) {
      for (const auto& problem : variants.error()) err << json::to_text(problem, file) << '\n';
      fine = false;
      continue;
    }
    const auto is_of_other_seed = [&](const auto& variant) { return variant.scenario.seed != variants->front().scenario.seed; };
    if (arguments.seed && std::ranges::any_of(*variants, is_of_other_seed)) {
      err << "lockstep run: expected no --seed for " << file << ", whose sweep says which seeds\n";
      fine = false;
      continue;
    }
    for (const auto& variant : *variants) {
      Task task{.name = {},
                .title = variant.scenario.name,
                .scenario = variant.scenario,
                .seed = arguments.seed.value_or(variant.scenario.seed)};
      task.name = report_directory(task.scenario, task.seed, variant.label);
      task.scenario.seed = task.seed;  // so that the scenario.json of the report stands for this run
      if (!variant.label.empty()) task.title += cat(" (", variant.label, ")");
      tasks.push_back(std::move(task));
    }
  }
  std::set<std::string> names;
  for (const Task& task : tasks) {
    if (names.insert(task.name).second) continue;
    err << "lockstep run: expected scenarios whose names or seeds differ, found " << task.name
        << " twice: one report would replace the other\n";
    fine = false;
  }
  if (!fine) return std::nullopt;
  return tasks;
}

// One line on a terminal, from the time on when somebody would begin to wonder.
class ProgressLine {
 public:
  ProgressLine(const std::string& name, bool on_real, std::ostream& err)
      : name_(name), on_real_(on_real), err_(err) {}
  ~ProgressLine() {
    if (shown_) err_ << "\r\033[K" << std::flush;
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(Duration passed, Duration end) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(200);
    shown_ = true;
    err_ << "\r\033[K" << name_ << ": " << whole_seconds(passed) << " of " << whole_seconds(end) << " s";
    if (!on_real_) err_ << " simulated in " << whole_seconds(now - began_) << " s";
    err_ << std::flush;
  }

 private:
  static std::int64_t whole_seconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  }

  const std::string& name_;
  bool on_real_;
  std::ostream& err_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point next_ = began_ + std::chrono::seconds(2);
  bool shown_ = false;
};

// With what comes before and after it: processes that begin and end, the simulated twin, the verdicts.
Result<scenarios::Run> real_run(const Task& task, scenarios::RunOptions options) {
  options.seed = task.seed;
  const auto began = std::chrono::steady_clock::now();
  auto run = real::run_real(task.scenario, options);
  if (!run) return run;
  run->report.real = std::chrono::steady_clock::now() - began;
  run->report.scenario = task.title;
  return run;
}

scenarios::Run timed_run(const Task& task, scenarios::RunOptions options = {}) {
  options.seed = task.seed;
  const auto began = std::chrono::steady_clock::now();
  scenarios::Run run = scenarios::run_simulated(task.scenario, options);
  run.report.real = std::chrono::steady_clock::now() - began;
  run.report.scenario = task.title;
  return run;
}

// The first line that differs, from both sides.
std::pair<std::string, std::string> first_difference(const std::string& a, const std::string& b) {
  std::size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  const auto line = [at](const std::string& text) {
    if (at >= text.size()) return std::string("(nothing more)");
    const std::size_t begin = text.rfind('\n', at == 0 ? 0 : at - 1);
    const std::size_t first = begin == std::string::npos ? 0 : begin + 1;
    return text.substr(first, text.find('\n', at) - first);
  };
  return {line(a), line(b)};
}

// Runs the task a second time; where the traces differ, both are repeated with the window in full.
reports::Verdict judge_determinism(const Task& task, const scenarios::Run& first) {
  reports::Verdict verdict{.name = "determinism",
                           .promise = "the same scenario and seed are the same run, event by event",
                           .outcome = reports::Outcome::kHolds,
                           .checked = {{"runs", 2}},
                           .evidence = {}};
  const scenarios::Run second = timed_run(task);
  const auto window = sim::first_differing_window(first.fingerprint, second.fingerprint);
  if (!window) return verdict;
  const std::uint64_t begin = *window * sim::Recorder::kWindowEvents;
  TraceText once(begin, begin + sim::Recorder::kWindowEvents);
  TraceText again(begin, begin + sim::Recorder::kWindowEvents);
  timed_run(task, {.observer = &once});
  timed_run(task, {.observer = &again});
  const auto [of_first, of_second] = first_difference(once.text(), again.text());
  verdict.outcome = reports::Outcome::kViolated;
  verdict.evidence = {cat("the traces differ in the events from ", begin, " on"), cat("first:  ", of_first),
                      cat("second: ", of_second)};
  return verdict;
}

// `trace`: of this run, if it was taken down; a simulated one is repeated for it.
struct TraceWish {
  bool wanted = false;
  TraceFile* taken = nullptr;
  bool page = false;  // only with a trace
};

// The report comes last: where it is, the rest is complete.
Status write_report(const Task& task, const scenarios::Run& run, const Outcome& outcome, TraceWish wish) {
  const auto write = [&outcome](const char* name, const std::string& text) {
    return write_whole_file(outcome.directory / name, text);
  };
  std::error_code nothing_there;
  for (const char* old : {"report.json", "report.html", "trace.jsonl"})  // of another run with this name and seed
    std::filesystem::remove(outcome.directory / old, nothing_there);
  LOCKSTEP_TRY_STATUS(write("history.jsonl", reports::to_json_lines(run.history)));
  const std::string scenario = scenarios::to_json(task.scenario).dump(2) + "\n";
  LOCKSTEP_TRY_STATUS(write("scenario.json", scenario));
  if (wish.wanted && wish.taken != nullptr) LOCKSTEP_TRY_STATUS(wish.taken->finish());
  if (wish.wanted && wish.taken == nullptr) {
    TraceFile trace(outcome.directory / "trace.jsonl");
    timed_run(task, {.observer = &trace});
    LOCKSTEP_TRY_STATUS(trace.finish());
  }
  if (wish.page) {
    LOCKSTEP_TRY(page, page_of({.directory = outcome.directory, .report = run.report, .history = run.history, .scenario = scenario}));
    LOCKSTEP_TRY_STATUS(write("report.html", page));
  }
  LOCKSTEP_TRY_STATUS(write("report.txt", reports::to_text(run.report)));
  return write("report.json", reports::to_json_text(run.report));
}

Result<Outcome> finish(const Task& task, const RunArguments& arguments, const scenarios::Run& run, TraceFile* taken) {
  const Outcome outcome{.report = run.report, .directory = std::filesystem::path(arguments.out) / task.name};
  const bool page = arguments.page || run.report.outcome() != reports::Outcome::kHolds;
  LOCKSTEP_TRY_STATUS(write_report(task, run, outcome, {.wanted = arguments.trace || page, .taken = taken, .page = page}));
  return outcome;
}

Result<Outcome> perform(const Task& task, const RunArguments& arguments, std::ostream& err) {
  LOCKSTEP_TRY(claimed, ClaimedDirectory::claim(std::filesystem::path(arguments.out) / task.name));
  scenarios::RunOptions options;
  ProgressLine line(task.name, arguments.on_real, err);
  if (arguments.progress) options.progress = [&line](Duration now, Duration end) { line.show(now, end); };
  if (arguments.on_real) {  // it cannot be repeated: the trace is taken down at once, and thrown away if nobody wants it
    TraceFile trace(std::filesystem::path(arguments.out) / task.name / "trace.jsonl");
    options.observer = &trace;
    LOCKSTEP_TRY(run, real_run(task, options));
    run.report.version = arguments.version;
    return finish(task, arguments, run, &trace);
  }
  scenarios::Run run = timed_run(task, options);
  run.report.version = arguments.version;
  if (arguments.twice) run.report.verdicts.push_back(judge_determinism(task, run));
  return finish(task, arguments, run, nullptr);
}

// What other tools read, of all runs together.
Status write_summaries(const std::vector<Outcome>& outcomes, const RunArguments& arguments) {
  std::vector<reports::Report> all;
  std::string markdown;
  for (const Outcome& outcome : outcomes) {
    all.push_back(outcome.report);
    markdown += cat(reports::to_markdown(outcome.report, command_of({.directory = outcome.directory, .report = outcome.report, .history = {}, .scenario = {}})), "\n");
  }
  if (!arguments.junit.empty()) LOCKSTEP_TRY_STATUS(write_whole_file(arguments.junit, reports::to_junit(all)));
  if (!arguments.markdown.empty()) LOCKSTEP_TRY_STATUS(write_whole_file(arguments.markdown, markdown));
  return {};
}

struct LastLines {
  reports::Outcome verdict;
  std::uint64_t seed;
  std::string trace;
  std::filesystem::path report;
};

void print(const LastLines& lines, std::ostream& out) {
  out << "verdict: " << reports::to_string(lines.verdict) << "\nseed: " << lines.seed << "\ntrace: " << lines.trace
      << "\nreport: " << lines.report.string() << '\n';
}

bool is_real(const reports::Report& report) { return report.world == reports::World::kReal; }

void print(const Outcome& outcome, const RunArguments& arguments, std::ostream& out) {
  out << reports::to_text(outcome.report, {.colours = arguments.colours});
  const bool page = arguments.page || outcome.report.outcome() != reports::Outcome::kHolds;
  if (page) out << "  page: " << (outcome.directory / "report.html").string() << '\n';
  const std::string trace = is_real(outcome.report) ? "none" : hex16(outcome.report.trace_hash);
  print(LastLines{outcome.report.outcome(), outcome.report.seed, trace, outcome.directory}, out);
}

reports::Outcome worst_of(const std::vector<Outcome>& outcomes) {
  reports::Outcome worst = reports::Outcome::kHolds;
  for (const Outcome& outcome : outcomes) worst = reports::worst(worst, outcome.report.outcome());
  return worst;
}

std::uint64_t trace_of(const std::vector<Outcome>& outcomes) {
  if (outcomes.size() == 1) return outcomes.front().report.trace_hash;
  Bytes all;
  for (const Outcome& outcome : outcomes) ByteWriter(all).u64(outcome.report.trace_hash);
  return hash64(all);
}

nlohmann::ordered_json json_of(const Outcome& outcome) {
  auto document = nlohmann::ordered_json::parse(reports::to_json_text(outcome.report));
  document["report"] = outcome.directory.string();
  return document;
}

void print_json(const std::vector<Outcome>& outcomes, std::ostream& out) {
  if (outcomes.size() == 1) {
    out << json_of(outcomes.front()).dump(2) << '\n';
    return;
  }
  nlohmann::ordered_json document{{"verdict", reports::to_string(worst_of(outcomes))},
                                  {"seed", outcomes.front().report.seed},
                                  {"trace", is_real(outcomes.front().report)
                                                ? nlohmann::ordered_json()
                                                : nlohmann::ordered_json(hex16(trace_of(outcomes)))},
                                  {"runs", nlohmann::ordered_json::array()}};
  for (const Outcome& outcome : outcomes) document["runs"].push_back(json_of(outcome));
  out << document.dump(2) << '\n';
}

// Before any of them is run. In JSON a refusal is a document, so that programs need not read sentences.
bool fit_for_real(const std::vector<Task>& tasks, const RunArguments& arguments, std::ostream& out,
                  std::ostream& err) {
  for (const Task& task : tasks) {
    const Status fits = real::check_length(task.scenario);
    if (fits) continue;
    if (arguments.json) out << nlohmann::ordered_json{{"refused", fits.error().message}}.dump(2) << '\n';
    err << "lockstep run: " << fits.error().message << '\n';
    return false;
  }
  return true;
}

}  // namespace

std::string report_directory(const Scenario& scenario, std::uint64_t seed, const std::string& label) {
  std::string name = cat(scenario.name, '-', seed, label.empty() ? "" : "-");
  for (const char c : label) name.push_back(std::isalnum(static_cast<unsigned char>(c)) ? c : '-');
  return name;
}

int run_scenarios(const RunArguments& arguments, std::ostream& out, std::ostream& err) {
  if (arguments.on_real && arguments.twice) {
    err << "lockstep run: expected either --on real or --twice: no two real runs are equal\n";
    return 2;
  }
  const auto tasks = read_tasks(arguments, err);
  if (!tasks) return 2;
  if (arguments.on_real && !fit_for_real(*tasks, arguments, out, err)) return 2;
  std::vector<Outcome> outcomes;
  for (const Task& task : *tasks) {
    auto outcome = perform(task, arguments, err);
    if (!outcome) {
      err << "lockstep run: " << outcome.error().message << '\n';
      return 2;
    }
    if (!arguments.json) print(*outcome, arguments, out);
    if (!arguments.json && tasks->size() > 1) out << '\n';
    outcomes.push_back(std::move(*outcome));
  }
  if (const auto written = write_summaries(outcomes, arguments); !written) {
    err << "lockstep run: " << written.error().message << '\n';
    return 2;
  }
  if (arguments.json) {
    print_json(outcomes, out);
  } else if (outcomes.size() > 1) {
    out << outcomes.size() << " runs\n";
    const std::string trace = arguments.on_real ? "none" : hex16(trace_of(outcomes));
    print(LastLines{worst_of(outcomes), outcomes.front().report.seed, trace, arguments.out}, out);
  }
  if (!out.flush()) {
    err << "lockstep run: standard output cannot be written; the reports are in " << arguments.out << '\n';
    return 2;
  }
  return worst_of(outcomes) == reports::Outcome::kHolds ? 0 : 1;
}

}  // namespace lockstep::cli
