// How far each member of a cluster came and what its disk did: of all events of a run, the page may have
// fewer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "reports/trace.h"

namespace lockstep::page {

struct Member {
  std::optional<std::uint64_t> durable{};  // its last entry
  std::uint64_t commit = 0;                // as far as it knew
  std::optional<std::uint64_t> applied{};
  std::optional<std::uint64_t> digest{};  // of its database, after that entry
  std::uint64_t syncs = 0;
  std::uint64_t failed_syncs = 0;
  Duration log_busy{};  // how long the lane of its log worked
};

// At a moment: entries that some member knew to be committed and that were not applied.
struct Lag {
  std::uint64_t median = 0;  // at the member in the middle
  std::uint64_t worst = 0;
};

class Members {
 public:
  // Of the lag so many samples are taken, each in the middle of its stretch of time.
  Members(Duration end, std::size_t samples);
  // Every event, in the order of the run.
  void see(const reports::TraceEvent& event);
  // After the last event: samples that no event came after.
  void finish() { sample_until(Duration::max()); }

  const std::map<std::string, Member>& by_name() const { return members_; }
  Duration stretch() const { return stretch_; }
  const std::vector<Lag>& lags() const { return lags_; }

 private:
  using Job = std::tuple<std::string, std::uint64_t, std::uint64_t>;  // node, incarnation, ordinal

  void sample_until(Duration time);
  void see_progress(Member& member, const reports::TraceEvent& event);
  void see_work(Member& member, const reports::TraceEvent& event);

  std::size_t samples_;
  Duration stretch_;
  std::map<std::string, Member> members_;
  std::map<Job, std::int64_t> running_;  // since when; of the lane of the log
  std::vector<Lag> lags_;
};

}  // namespace lockstep::page
