// Jobs of lanes made of functions: what runs on the lane, and what takes its result on the actor.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/env/lanes.h"
#include "base/result.h"

namespace lockstep::env {

// `run` on the lane gives a result, `done` takes it on the actor. `briefly` gives the same result, or nothing
// if that might take long.
template <class Run, class Done, class Briefly>
class FunctionJob : public Job {
 public:
  FunctionJob(Run run, Done done, Briefly briefly)
      : run_(std::move(run)), done_(std::move(done)), briefly_(std::move(briefly)) {}
  void run() override { result_.emplace(run_()); }
  bool run_briefly() override {
    result_ = briefly_(run_);
    return result_.has_value();
  }
  void done() override { done_(std::move(*result_)); }

 private:
  using Result = decltype(std::declval<Run&>()());
  Run run_;
  Done done_;
  Briefly briefly_;
  std::optional<Result> result_;
};

// May take long: always handed to the lane.
template <class Run, class Done>
std::unique_ptr<Job> make_job(Run run, Done done) {
  const auto never = [](Run&) -> std::optional<decltype(std::declval<Run&>()())> { return std::nullopt; };
  return std::make_unique<FunctionJob<Run, Done, decltype(never)>>(std::move(run), std::move(done), never);
}

// What a brief attempt of a job that may fail gave: nothing, a result, or the failure.
template <class T>
std::optional<Result<T>> briefly_done(Result<std::optional<T>> attempt) {
  if (!attempt) return std::unexpected(std::move(attempt).error());
  if (!*attempt) return std::nullopt;
  return std::move(**attempt);
}

// Takes no longer than the disk does for a few bytes.
template <class Run, class Done>
std::unique_ptr<Job> make_brief_job(Run run, Done done) {
  const auto always = [](Run& work) { return std::optional(work()); };
  return std::make_unique<FunctionJob<Run, Done, decltype(always)>>(std::move(run), std::move(done), always);
}

// `briefly(run)` tries.
template <class Run, class Done, class Briefly>
std::unique_ptr<Job> make_job(Run run, Done done, Briefly briefly) {
  return std::make_unique<FunctionJob<Run, Done, Briefly>>(std::move(run), std::move(done),
                                                           std::move(briefly));
}

}  // namespace lockstep::env
