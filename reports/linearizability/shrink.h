// Finds a few calls of a history that is not linearizable which alone show it.
//
// Leaving out must not invent a violation. A call that changes nothing may always be left out: a linearization stays
// one without it. A call w that changes the state may be left out if no call that stays can tell its effect: in a
// linearization, nothing observes the state from w to the next write, so without w nothing is illegal. A call r cannot
// tell if it would answer the same after other writes only, or if a write that overwrites everything certainly lies
// between: it is invoked after w returned and returned before r was invoked.
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
    return illustrated(std::move(kept), cut(calls, calls[blocked].returned));
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

  // Adds what a reader will ask for: the last call that could have explained the blocked one, and what overwrote it.
  std::vector<Call> illustrated(std::vector<Call> kept, const std::vector<Call>& all) {
    const auto blocked = std::find_if(all.begin(), all.end(), [this](const Call& call) { return call.operation == pinned_; });
    const Call* source = nullptr;
    for (const Call& call : all) {
      if (call.step.read_only || call.returned >= blocked->invoked) continue;
      if (!model_.may_observe(blocked->step, call.step)) continue;
      if (source == nullptr || call.returned > source->returned) source = &call;
    }
    if (source == nullptr) return kept;
    const Call* overwriter = nullptr;
    for (const Call& call : all) {
      if (call.invoked > source->returned && call.returned < blocked->invoked && !call.step.read_only) overwriter = &call;
    }
    std::vector<Call> richer = kept;
    for (const Call* call : {source, overwriter}) {
      const auto same = [&](const Call& other) { return other.operation == call->operation; };
      if (call != nullptr && std::none_of(richer.begin(), richer.end(), same)) richer.push_back(*call);
    }
    std::sort(richer.begin(), richer.end(), [](const Call& a, const Call& b) { return a.invoked < b.invoked; });
    return still_violated(richer) ? richer : kept;
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
      const std::uint64_t overwritten = overwritten_at(calls, leave, calls[i]);
      for (std::size_t other = 0; other < calls.size() && leave[i]; ++other) {
        if (leave[other] || overwritten < calls[other].invoked) continue;
        if (model_.may_observe(calls[other].step, calls[i].step)) leave[i] = false;
      }
    }
    std::vector<Call> rest;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (!leave[i]) rest.push_back(calls[i]);
    }
    return rest;
  }

  // When the first of those calls has returned that stay, follow `call` and leave nothing of what it wrote.
  static std::uint64_t overwritten_at(const std::vector<Call>& calls, const std::vector<bool>& leave, const Call& call) {
    std::uint64_t first = kNoReturn;
    for (std::size_t other = 0; other < calls.size(); ++other) {
      const Step::Kind kind = calls[other].step.kind;
      const bool overwrites = kind == Step::Kind::kAssign || kind == Step::Kind::kSwap;
      if (overwrites && !leave[other] && calls[other].invoked > call.returned) first = std::min(first, calls[other].returned);
    }
    return first;
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
