// Seeds in order, as long as there is room; outcomes as they come.
#include "scenarios/farm/campaign.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <utility>

#include "base/text.h"
#include "scenarios/chaos/draw.h"
#include "scenarios/chaos/short_text.h"

namespace lockstep::farm {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMostFiles = 50;  // of failing scenarios

// The seeds of a range that have no result yet, one after another.
class Agenda {
 public:
  Agenda(const Range& range, std::set<std::uint64_t> done)
      : range_(range), done_(std::move(done)), next_(range.first + (range.shard - 1)), left_(range.count()) {
    skip_done();
  }
  bool is_empty() const { return left_ == 0; }
  std::uint64_t take() {
    const std::uint64_t seed = next_;
    advance();
    skip_done();
    return seed;
  }

 private:
  void advance() {
    next_ += range_.shards;
    --left_;
  }
  void skip_done() {
    while (left_ > 0 && done_.contains(next_)) advance();
  }

  Range range_;
  std::set<std::uint64_t> done_;
  std::uint64_t next_;
  std::uint64_t left_;
};

Status write_file(const std::filesystem::path& file, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  if (out) return {};
  return fail(ErrorCode::kIo, cat(file.string(), ": cannot be written"));
}

}  // namespace

Status run_campaign(Workers& workers, Results& results, const CampaignOptions& options) {
  const auto began = SteadyClock::now();
  Progress progress;
  progress.wanted = options.range.count();
  std::set<std::uint64_t> done;
  LOCKSTEP_TRY(earlier, results.all());
  for (const SeedResult& result : earlier) {
    if (!options.range.holds(result.seed)) continue;
    done.insert(result.seed);
    progress.failures += result.outcome.is_failure() ? 1 : 0;
  }
  progress.done = done.size();
  LOCKSTEP_TRY_STATUS(results.add_range(options.range));
  Agenda agenda(options.range, std::move(done));
  const auto may_begin = [&] {
    const bool is_late = options.time && SteadyClock::now() - began >= *options.time;
    return !agenda.is_empty() && !is_late && !workers.is_interrupted();
  };
  while (!workers.is_idle() || may_begin()) {
    while (workers.has_room() && may_begin()) {
      const std::uint64_t seed = agenda.take();
      LOCKSTEP_TRY_STATUS(workers.begin(seed, cat(seed)));
    }
    for (Workers::Ended& ended : workers.wait(std::chrono::milliseconds(200))) {
      ++progress.done;
      ++progress.done_now;
      progress.failures += ended.outcome.is_failure() ? 1 : 0;
      LOCKSTEP_TRY_STATUS(results.add({ended.ticket, std::move(ended.outcome)}));
    }
    if (workers.is_interrupted()) workers.kill_all();
    progress.passed = SteadyClock::now() - began;
    if (options.progress) options.progress(progress);
  }
  return {};
}

Result<std::vector<Minimised>> minimise_failures(Workers& workers, const Results& results,
                                                 const std::filesystem::path& directory, std::size_t most,
                                                 const ShrinkLimits& limits,
                                                 const Shrinker::Progress& progress) {
  LOCKSTEP_TRY(all, results.all());
  std::vector<Minimised> found;
  std::vector<Signature> seen;
  for (const SeedResult& result : all) {
    if (!result.outcome.is_failure() || found.size() == kMostFiles) continue;
    const scenarios::Scenario scenario = chaos::draw_scenario(result.seed);
    Minimised minimised{.seed = result.seed,
                        .signature = result.outcome.signature,
                        .file = directory / "failures" / cat(result.seed, ".json"),
                        .small = {},
                        .page = {}};
    LOCKSTEP_TRY_STATUS(write_file(minimised.file, chaos::short_text(chaos::short_json(scenario))));
    const bool is_new = std::find(seen.begin(), seen.end(), minimised.signature) == seen.end();
    const auto small = directory / "failures" / cat(result.seed, "-small.json");
    std::error_code error;
    if (std::filesystem::exists(small, error)) {
      minimised.small = small;
    } else if (is_new && seen.size() < most && !workers.is_interrupted()) {
      auto shrunk = Shrinker(workers, limits, progress).shrink(scenario);
      // One that was cut off is shrunk anew when the campaign goes on.
      if (shrunk && !workers.is_interrupted()) {
        const std::string text = chaos::short_text(shrunk->document);
        LOCKSTEP_TRY_STATUS(write_file(small, text));
        minimised.small = small;
        minimised.lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        minimised.runs = shrunk->runs;
      }
    }
    if (is_new) seen.push_back(minimised.signature);
    found.push_back(std::move(minimised));
  }
  return found;
}

}  // namespace lockstep::farm
