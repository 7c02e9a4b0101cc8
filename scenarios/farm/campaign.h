// A chaos run: every seed of a range, each in a process of its own, each result kept at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenarios/farm/results.h"
#include "scenarios/farm/shrinker.h"
#include "scenarios/farm/workers.h"

namespace lockstep::farm {

struct Progress {
  std::uint64_t done = 0;  // of this run and earlier ones
  std::uint64_t wanted = 0;
  std::uint64_t failures = 0;
  std::uint64_t done_now = 0;  // in this run
  Duration passed{};
};

struct CampaignOptions {
  Range range;
  std::optional<Duration> time;  // no seed begins after so long
  std::function<void(const Progress&)> progress{};
};

// Seeds that are in the results already are left out: a run that was interrupted goes on. An interrupted one
// leaves what it has.
Status run_campaign(Workers& workers, Results& results, const CampaignOptions& options);

// A failure made small: files in DIRECTORY/failures.
struct Minimised {
  std::uint64_t seed = 0;
  Signature signature;
  std::filesystem::path file;   // the scenario as it was drawn
  std::filesystem::path small;  // empty: it was not made smaller
  std::filesystem::path page;   // of the report on the small one; empty: none, for its process ends before it
  std::size_t lines = 0;        // of the small one
  std::uint64_t runs = 0;
};

// Writes the scenario of every failing seed, up to a number, and shrinks the first ones of distinct
// signatures, at most `most`; what an earlier run has shrunk stays.
Result<std::vector<Minimised>> minimise_failures(Workers& workers, const Results& results,
                                                 const std::filesystem::path& directory, std::size_t most,
                                                 const ShrinkLimits& limits,
                                                 const Shrinker::Progress& progress);

}  // namespace lockstep::farm
