// Finds a few calls of a history that is not linearizable which alone show it.
//
// Leaving out must not invent a violation. A call that changes nothing may always be left out: a linearization stays
// one without it. A call that changes the state may be left out if no call that stays can tell its effect: in a
// linearization, nothing observes the state from there to the next write, so without it nothing is illegal.
// Calls that return after `blocked` are kept only as calls that may or may not have happened.
#pragma once

#include <algorithm>
#include <vector>

#include "reports/linearizability/search.h"

namespace lockstep::linearizability {

template <class Model>
class Shrinker {
 public:
  Shrinker(Model& model, std::uint32_t initial, const Limits& limits) : model_(model), initial_(initial), limits_(limits) {}

  // `calls[blocked]` cannot be placed; the result contains it. Minimal up to the budget of work.
  std::vector<Call> shrink(const std::vector<Call>& calls, std::uint32_t blocked) {
    pinned_ = calls[blocked].operation;
    std::vector<Call> kept = cut(calls, calls[blocked].returned);
    for (bool shorter = true; shorter;) {
      const std::size_t before = kept.size();
      for (std::size_t chunk = std::max<std::size_t>(1, kept.size() / 2);; chunk /= 2) {
        remove_in_chunks(kept, chunk);
        if (chunk <= 1) break;
      }
      shorter = kept.size() < before;
    }
    return kept;
  }

 private:
  static std::vector<Call> cut(const std::vector<Call>& calls, std::uint64_t end) {
    std::vector<Call> kept;
    for (Call call : calls) {
      if (call.invoked > end) continue;
      if (call.returned > end) call.returned = kNoReturn;
      if (call.returned != kNoReturn || !call.step.read_only) kept.push_back(call);
    }
    return kept;
  }

  void remove_in_chunks(std::vector<Call>& kept, std::size_t chunk) {
    for (std::size_t first = 0; first < kept.size();) {
      std::vector<Call> rest = without(kept, first, std::min(first + chunk, kept.size()));
      if (rest.size() < kept.size() && still_violated(rest)) {
        kept = std::move(rest);
      } else {
        first += chunk;
      }
    }
  }

  std::vector<Call> without(const std::vector<Call>& calls, std::size_t first, std::size_t end) const {
    std::vector<bool> leave(calls.size(), false);
    for (std::size_t i = first; i < end; ++i) leave[i] = calls[i].step.read_only && calls[i].operation != pinned_;
    for (std::size_t i = first; i < end; ++i) {
      if (calls[i].step.read_only || calls[i].operation == pinned_) continue;
      leave[i] = true;
      for (std::size_t other = 0; other < calls.size() && leave[i]; ++other) {
        if (!leave[other] && model_.may_observe(calls[other].step, calls[i].step)) leave[i] = false;
      }
    }
    std::vector<Call> rest;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (!leave[i]) rest.push_back(calls[i]);
    }
    return rest;
  }

  bool still_violated(const std::vector<Call>& calls) {
    if (calls.size() > work_) return false;
    Limits limits{.configurations = std::min<std::uint64_t>(work_, 100'000), .bytes = limits_.bytes, .stop = limits_.stop};
    const SearchResult result = Search<Model>(calls, model_, initial_, limits).run();
    work_ -= std::min<std::uint64_t>(work_, result.explored + calls.size());
    return result.outcome == reports::Outcome::kViolated;
  }

  Model& model_;
  std::uint32_t initial_;
  const Limits& limits_;
  std::uint32_t pinned_ = 0;
  std::uint64_t work_ = 4'000'000;  // calls and configurations looked at
};

}  // namespace lockstep::linearizability
