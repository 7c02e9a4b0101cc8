// What a chaos run found, over all its seeds: failures, rare events, and the matrix of faults and conditions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenarios/farm/campaign.h"
#include "scenarios/farm/results.h"

namespace lockstep::farm {

// From so many seeds on, what never happened is a failure of the chaos run: it did not test what it is for.
inline constexpr std::uint64_t kSeedsForZeros = 1000;

struct Summary {
  std::vector<Range> ranges;
  std::uint64_t wanted = 0;
  std::uint64_t done = 0;
  std::optional<std::uint64_t> first_missing;  // of those that are wanted and have no result
  std::uint64_t holds = 0;
  std::uint64_t vacuous = 0;
  std::vector<SeedResult> failures;  // in order of seed
  std::uint64_t with_field = 0;      // of the system hub
  std::uint64_t with_field_failed = 0;
  std::uint64_t field_unknown = 0;  // nobody has noted whether they have one: they did not end, or the file is older
  std::uint64_t operations = 0;
  std::uint64_t least_operations = 0;  // of one seed that came to its end
  Duration simulated{};
  Duration real_median{};
  Duration real_p99{};
  Duration real_most{};
  TotalCoverage coverage;
  std::vector<std::string> zeros;    // sentences: what never happened
  std::vector<Minimised> minimised;  // filled in by who shrinks

  bool zeros_count() const { return done >= kSeedsForZeros; }
  // Exit code 1.
  bool has_failed() const { return !failures.empty() || (zeros_count() && !zeros.empty()); }
  bool is_incomplete() const { return first_missing.has_value(); }
};

// Which seeds are wanted: those of the shards that were asked for, or all of the ranges that were cut into shards.
enum class Scope : std::uint8_t { kShards, kWholeRanges };

Result<Summary> summarise(const Results& results, Scope scope = Scope::kShards);

struct SummaryStyle {
  bool colours = false;
  std::string directory{};  // where the results are; empty: not said
};
// For people; ends with a line end. docs/chaos.md explains it.
std::string to_text(const Summary& summary, const SummaryStyle& style = {});
// Keys are stable (docs/format/chaos.md).
std::string to_json_text(const Summary& summary);

}  // namespace lockstep::farm
