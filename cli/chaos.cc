// Arguments to a campaign, its progress on one line, its summary.
#include "cli/chaos.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "base/hash.h"
#include "base/text.h"
#include "cli/files.h"
#include "cli/run.h"
#include "cli/vocabulary.h"
#include "json/problem.h"
#include "json/quantity.h"
#include "reports/render.h"
#include "scenarios/chaos/draw.h"
#include "scenarios/chaos/short_text.h"
#include "scenarios/farm/campaign.h"
#include "scenarios/farm/shrinker.h"
#include "scenarios/farm/summary.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::cli {
namespace {

constexpr int kBadInput = 2;
constexpr const char* kThisProgram = "/proc/self/exe";
constexpr std::size_t kMostBytesOfProgram = std::size_t{4} << 30;
constexpr const char* kWorkerCommand = "chaos-worker";
constexpr std::size_t kMostShrunk = 3;  // failures of distinct signatures, in one chaos run

// The whole text is one number.
std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end && !text.empty() ? std::optional(number) : std::nullopt;
}

Result<farm::Range> range_of(const ChaosArguments& arguments) {
  const std::string& seeds = arguments.seeds;
  const std::size_t dots = seeds.find("..");
  const auto first = number_in(std::string_view(seeds).substr(0, dots));
  const auto last = dots == std::string::npos ? first : number_in(std::string_view(seeds).substr(dots + 2));
  if (!first || !last || *first > *last || *last > farm::kMostSeed)
    return fail(ErrorCode::kInvalidArgument,
                cat("--seeds: expected FIRST..LAST, such as 1..1000, with seeds up to ", farm::kMostSeed,
                    ", found ", seeds));
  farm::Range range{.first = *first, .last = *last, .shard = 1, .shards = 1};
  if (arguments.shard.empty()) return range;
  const std::size_t slash = arguments.shard.find('/');
  const std::string_view text = arguments.shard;
  const auto shard = number_in(text.substr(0, slash));
  const auto shards = slash == std::string::npos ? std::nullopt : number_in(text.substr(slash + 1));
  constexpr std::uint64_t kMostShards = 1'000'000;
  if (!shard || !shards || *shard < 1 || *shard > *shards || *shards > kMostShards)
    return fail(ErrorCode::kInvalidArgument,
                cat("--shard: expected I/N with I from 1 to N, such as 2/4, found ", arguments.shard));
  range.shard = static_cast<std::uint32_t>(*shard);
  range.shards = static_cast<std::uint32_t>(*shards);
  return range;
}

Result<std::optional<Duration>> time_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::string_view rest = text;
  const std::int64_t count = json::take_digits(rest);
  if (count > 0 && count < 1'000'000 && rest.size() < text.size() &&
      (rest == "s" || rest == "m" || rest == "h"))
    return count * json::unit_of(rest);
  return fail(ErrorCode::kInvalidArgument,
              cat("--for: expected a time such as 90s, 10m or 2h, found ", text));
}

unsigned jobs_of(unsigned asked) {
  return asked > 0 ? asked : std::max(1u, std::thread::hardware_concurrency());
}

farm::Workers::Options worker_options(unsigned jobs) {
  return {.program = kThisProgram, .arguments = {kWorkerCommand}, .jobs = jobs_of(jobs), .limits = {}};
}

// Of this very build: what a seed means may differ between two.
Result<std::string> program_fingerprint() {
  LOCKSTEP_TRY(bytes, read_whole_file(kThisProgram, kMostBytesOfProgram));
  return hex16(hash64(bytes));
}

// One line that overwrites itself.
class StatusLine {
 public:
  StatusLine(bool on, std::ostream& err) : on_(on), err_(err) {}
  ~StatusLine() {
    if (shown_) err_ << "\r\033[K" << std::flush;
  }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(const std::string& text) {
    const auto now = std::chrono::steady_clock::now();
    if (!on_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(250);
    shown_ = true;
    err_ << "\r\033[K" << text << std::flush;
  }

 private:
  bool on_;
  std::ostream& err_;
  std::chrono::steady_clock::time_point next_{};
  bool shown_ = false;
};

std::string progress_text(const farm::Progress& progress) {
  const auto passed_ms = std::max<std::int64_t>(
      1, std::chrono::duration_cast<std::chrono::milliseconds>(progress.passed).count());
  const std::uint64_t per_minute = progress.done_now * 60'000 / static_cast<std::uint64_t>(passed_ms);
  std::string text = cat("chaos: ", progress.done, " of ", progress.wanted, " seeds, ", per_minute / 60, ".",
                         per_minute % 60 / 6, "/s, ", progress.failures, " failed");
  if (per_minute == 0) return text;
  const std::uint64_t left_s = (progress.wanted - progress.done) * 60 / per_minute;
  return cat(text, ", ", left_s / 60, " min ", left_s % 60, " s left");
}

int complain(std::string_view command, const Error& error, std::ostream& err) {
  err << "lockstep " << command << ": " << error.message << '\n';
  return kBadInput;
}

int conclude(const farm::Summary& summary, const ChaosArguments& arguments, std::ostream& out) {
  out << (arguments.json ? farm::to_json_text(summary)
                         : farm::to_text(summary, {.colours = arguments.colours, .directory = arguments.out}));
  return summary.has_failed() ? 1 : 0;
}

// The report on a small failure, beside it, written by `lockstep run` in a process of its own: it may well crash.
// Empty: it left none.
Result<std::filesystem::path> page_of_failure(const std::filesystem::path& small) {
  LOCKSTEP_TRY(text, read_whole_file(small.string()));
  const auto parsed = scenarios::parse_scenario(text);
  if (!parsed || parsed->size() != 1) return std::filesystem::path();
  const scenarios::Scenario& scenario = parsed->front().scenario;
  const std::filesystem::path reports = small.parent_path() / "reports";
  const std::filesystem::path page = reports / report_directory(scenario, scenario.seed, {}) / "report.html";
  std::error_code error;
  if (!std::filesystem::exists(page, error)) {
    farm::Workers::Options options = worker_options(1);
    options.arguments = {"run", small.string(), "--out", reports.string()};
    farm::Workers runner(std::move(options));
    LOCKSTEP_TRY_STATUS(runner.begin(0, {}));
    while (runner.wait(std::chrono::seconds(1)).empty() && !runner.is_interrupted()) continue;
  }
  return std::filesystem::exists(page, error) ? page : std::filesystem::path();
}

Result<farm::Summary> campaign(const ChaosArguments& arguments, farm::Workers& workers, std::ostream& err) {
  LOCKSTEP_TRY(range, range_of(arguments));
  LOCKSTEP_TRY(time, time_of(arguments.time));
  LOCKSTEP_TRY(program, program_fingerprint());
  LOCKSTEP_TRY(results, farm::Results::open(arguments.out, program));
  {
    StatusLine line(arguments.progress, err);
    LOCKSTEP_TRY_STATUS(farm::run_campaign(
        workers, results, {.range = range, .time = time, .progress = [&](const auto& progress) {
                             line.show(progress_text(progress));
                           }}));
  }
  LOCKSTEP_TRY(summary, farm::summarise(results));
  StatusLine line(arguments.progress, err);
  const auto shrinking = [&](std::size_t lines, std::uint64_t runs) {
    line.show(cat("shrinking a failure: ", lines, " lines left after ", runs, " runs"));
  };
  LOCKSTEP_TRY(minimised, farm::minimise_failures(workers, results, arguments.out,
                                                  arguments.shrink ? kMostShrunk : 0, {}, shrinking));
  for (farm::Minimised& failure : minimised) {
    if (failure.small.empty() || workers.is_interrupted()) continue;
    LOCKSTEP_TRY(page, page_of_failure(failure.small));
    failure.page = std::move(page);
  }
  summary.minimised = std::move(minimised);
  return summary;
}

}  // namespace

int run_chaos(const ChaosArguments& arguments, std::ostream& out, std::ostream& err) {
  if (arguments.print) {
    out << chaos::short_text(chaos::short_json(chaos::draw_scenario(*arguments.print)));
    return 0;
  }
  farm::Workers workers(worker_options(arguments.jobs));
  const auto summary = campaign(arguments, workers, err);
  if (!summary) return complain("chaos", summary.error(), err);
  const int code = conclude(*summary, arguments, out);
  if (!workers.is_interrupted()) return code;
  err << "lockstep chaos: interrupted; the same command goes on where it stopped\n";
  return 1;
}

int merge_chaos(const ChaosArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto merged = [&]() -> Result<farm::Summary> {
    std::vector<farm::Results> parts;
    for (const std::string& directory : arguments.directories) {
      LOCKSTEP_TRY(part, farm::Results::open_finished(directory));
      parts.push_back(std::move(part));
    }
    LOCKSTEP_TRY(results, farm::Results::open(arguments.out, parts.front().program()));
    for (const farm::Results& part : parts) LOCKSTEP_TRY_STATUS(results.absorb(part));
    return farm::summarise(results, farm::Scope::kWholeRanges);
  }();
  if (merged) {  // a shard that was lost must not pass
    const int code = conclude(*merged, arguments, out);
    return merged->is_incomplete() ? 1 : code;
  }
  const int code = complain("chaos merge", merged.error(), err);
  return merged.error().code == ErrorCode::kConflict ? 1 : code;
}

int run_shrink(const ShrinkArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto text = read_whole_file(arguments.file);
  if (!text) return complain("shrink", text.error(), err);
  auto parsed = scenarios::parse_scenario(*text, vocabulary());
  if (!parsed) {
    for (const auto& problem : parsed.error()) err << json::to_text(problem, arguments.file) << '\n';
    return kBadInput;
  }
  if (parsed->size() != 1)
    return complain(
        "shrink", {ErrorCode::kInvalidArgument, cat(arguments.file, ": expected a scenario without a sweep")},
        err);
  const auto time = time_of(arguments.time);
  if (!time) return complain("shrink", time.error(), err);
  scenarios::Scenario& scenario = parsed->front().scenario;
  scenario.seed = arguments.seed.value_or(scenario.seed);

  farm::Workers workers(worker_options(arguments.jobs));
  farm::ShrinkLimits limits;
  if (*time) limits.time = **time;
  StatusLine line(arguments.progress, err);
  auto shrunk = farm::Shrinker(workers, limits, [&](std::size_t lines, std::uint64_t runs) {
                  line.show(cat(lines, " lines left after ", runs, " runs"));
                }).shrink(scenario);
  if (!shrunk) {
    const int code = complain("shrink", shrunk.error(), err);
    return shrunk.error().code == ErrorCode::kInvalidArgument ? 1 : code;
  }
  std::filesystem::path file = arguments.out;
  if (file.empty()) {
    const std::filesystem::path given = arguments.file == "-" ? "scenario.json" : arguments.file;
    file = given.parent_path() / cat(given.stem().string(), "-small.json");
  }
  const std::string small = chaos::short_text(shrunk->document);
  if (const Status written = write_whole_file(file, small); !written)
    return complain("shrink", written.error(), err);
  out << small << "\n"
      << to_string(shrunk->outcome.signature) << "; " << std::count(small.begin(), small.end(), '\n')
      << " lines after " << shrunk->runs << " runs"
      << (shrunk->is_minimal ? "" : ", stopped before nothing could be taken away any more")
      << "\nlockstep run " << file.string() << '\n';
  return 0;
}

}  // namespace lockstep::cli
