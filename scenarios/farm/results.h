// The results of a chaos run: one SQLite file, a row per seed (docs/format/chaos.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenarios/farm/outcome.h"

struct sqlite3;

namespace lockstep::farm {

// Which seeds: first to last, both included, of those every shards-th, beginning with the shard-th (from 1).
struct Range {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  std::uint32_t shard = 1;
  std::uint32_t shards = 1;
  bool operator==(const Range&) const = default;

  bool holds(std::uint64_t seed) const {
    return seed >= first && seed <= last && (seed - first) % shards == shard - 1;
  }
  std::uint64_t count() const {
    return last - first < shard - 1 ? 0 : (last - first - (shard - 1)) / shards + 1;
  }
};
std::string to_string(const Range& range);  // "1..1000", "1..1000, shard 2 of 4"

inline constexpr std::uint64_t kMostSeed = 9'223'372'036'854'775'807;  // SQLite's integers end here

struct SeedResult {
  std::uint64_t seed = 0;
  Outcome outcome;  // without its coverage, which is summed up by coverage()
};

// How often over all seeds, and in how many of them.
struct Occurrence {
  std::uint64_t times = 0;
  std::uint64_t seeds = 0;
};

struct TotalCoverage {
  std::map<std::string, Occurrence> rare_events;                    // by name, those that never happened too
  std::map<std::string, std::map<std::string, Occurrence>> struck;  // by verb, then by condition
};

class Results {
 public:
  // Opens the file in that directory, or makes both. `program`: the fingerprint of the program that makes the
  // results; those of two programs do not stand in one file. Nobody else may have it open for writing.
  static Result<Results> open(const std::filesystem::path& directory, const std::string& program);
  // For reading; the file is there.
  static Result<Results> open_finished(const std::filesystem::path& directory);

  Results(Results&&) noexcept;
  ~Results();

  const std::string& program() const { return program_; }
  // What was asked for, in the order in which it was; a merged file has several.
  Result<std::vector<Range>> ranges() const;
  Status add_range(const Range& range);

  Status add(const SeedResult& result);
  Result<std::vector<SeedResult>> all() const;  // in order of seed
  Result<TotalCoverage> coverage() const;
  // All rows of another file. A seed that is here already must have ended alike: runs are deterministic.
  Status absorb(const Results& other);

 private:
  class Statement;
  Results(sqlite3* database, std::string program, int lock);
  static Result<Results> open_file(const std::filesystem::path& file, int flags, int lock);
  Status execute(const std::string& sql);
  Status prepare_file(const std::string& program);
  Status add_column_of_edges();

  sqlite3* database_;
  std::string program_;
  int lock_ = -1;  // an open, locked file, as long as this may write
};

}  // namespace lockstep::farm
