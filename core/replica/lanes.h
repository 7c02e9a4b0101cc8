// The lanes of a node, and a job made of two functions.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/env/lanes.h"

namespace lockstep::replica {

inline constexpr env::LaneId kLogLane{0};    // the KV store with the Raft log
inline constexpr env::LaneId kApplyLane{1};  // the writing SQLite connection
// Reading connections use the lanes from here on.
inline constexpr std::uint8_t kFirstReaderLane = 2;

// `run` on the lane gives a result, `done` takes it on the actor.
template <class Run, class Done>
class TwoStepJob : public env::Job {
 public:
  TwoStepJob(Run run, Done done) : run_(std::move(run)), done_(std::move(done)) {}
  void run() override { result_.emplace(run_()); }
  void done() override { done_(std::move(*result_)); }

 private:
  Run run_;
  Done done_;
  std::optional<decltype(std::declval<Run&>()())> result_;
};

template <class Run, class Done>
std::unique_ptr<env::Job> make_job(Run run, Done done) {
  return std::make_unique<TwoStepJob<Run, Done>>(std::move(run), std::move(done));
}

}  // namespace lockstep::replica
