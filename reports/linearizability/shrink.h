// Finds a few calls of a history that is not linearizable which alone show it.
//
// Leaving out must not invent a violation. A call that changes nothing may always be left out: a linearization stays
// one without it. A call w that changes the state may be left out if no call that stays can tell its effect: in a
// linearization, nothing observes the state from w to the next write, so without w nothing is illegal. A call r cannot
// tell if it would answer the same after other writes only, if it returned before w was invoked, or if a write that
// overwrites everything certainly lies between: it is invoked after w returned and returned before r was invoked.
// Calls that return after `blocked` are kept only as calls that may or may not have happened.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "reports/linearizability/search.h"

namespace lockstep::linearizability {

template <class Model>
class Shrinker {
 public:
  Shrinker(Model& model, std::uint32_t initial, const Limits& limits) : model_(model), initial_(initial), limits_(limits) {}

  // `calls[blocked]` cannot be placed; the result contains it. Minimal up to the budget of work and of time.
  std::vector<Call> shrink(const std::vector<Call>& calls, std::uint32_t blocked) {
    pinned_ = calls[blocked].operation;
    std::vector<Call> kept = cut(calls, calls[blocked].returned);
    for (bool shorter = true; shorter && !is_over();) {
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
    std::ranges::sort(kept, {}, &Call::invoked);
    return kept;
  }

  // Adds what a reader will ask for: the last call that could have explained the blocked one, and what overwrote it.
  std::vector<Call> illustrated(std::vector<Call> kept, const std::vector<Call>& all) {
    if (is_over()) return kept;
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
    for (std::size_t first = 0; first < kept.size() && !is_over();) {
      std::vector<Call> rest = without(kept, first, std::min(first + chunk, kept.size()));
      if (rest.size() < kept.size() && still_violated(rest)) {
        kept = std::move(rest);
      } else {
        first += chunk;
      }
    }
  }

  // `calls` are in the order of their invocations.
  std::vector<Call> without(const std::vector<Call>& calls, std::size_t first, std::size_t end) {
    std::vector<bool> leave(calls.size(), false);
    for (std::size_t i = first; i < end; ++i) leave[i] = calls[i].step.read_only && calls[i].operation != pinned_;
    const Surroundings around(calls);
    spend(calls.size());
    for (std::size_t i = first; i < end && !is_spent(); ++i) {
      if (calls[i].step.read_only || calls[i].operation == pinned_) continue;
      leave[i] = true;
      const auto [from, to] = around.of(calls[i]);
      std::size_t other = from;
      for (; other < to && leave[i]; ++other) {
        if (!leave[other] && model_.may_observe(calls[other].step, calls[i].step)) leave[i] = false;
      }
      spend(other - from);
    }
    std::vector<Call> rest;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (!leave[i]) rest.push_back(calls[i]);
    }
    return rest;
  }

  // Which calls may see what another one left behind, by the order of events alone.
  class Surroundings {
   public:
    // Of calls in the order of their invocations. Those that overwrite are not left out before the call that is asked
    // about: they are invoked later.
    explicit Surroundings(std::span<const Call> calls)
        : calls_(calls), last_return_(calls.size()), overwritten_(calls.size() + 1, kNoReturn) {
      std::uint64_t last = 0;
      for (std::size_t i = 0; i < calls.size(); ++i) last_return_[i] = last = std::max(last, calls[i].returned);
      for (std::size_t i = calls.size(); i-- > 0;) {
        const Step& step = calls[i].step;
        const bool overwrites = !step.read_only && (step.kind == Step::Kind::kAssign || step.kind == Step::Kind::kSwap);
        overwritten_[i] = overwrites ? std::min(overwritten_[i + 1], calls[i].returned) : overwritten_[i + 1];
      }
    }

    // From the first that had not returned when `call` was invoked to the last that was invoked before one that
    // follows `call` and leaves nothing of what it wrote had returned.
    std::pair<std::size_t, std::size_t> of(const Call& call) const {
      const auto from = std::ranges::lower_bound(last_return_, call.invoked) - last_return_.begin();
      const std::uint64_t overwritten = overwritten_[invoked_up_to(call.returned)];
      return {static_cast<std::size_t>(from), invoked_up_to(overwritten)};
    }

   private:
    std::size_t invoked_up_to(std::uint64_t time) const {
      return static_cast<std::size_t>(std::ranges::upper_bound(calls_, time, {}, &Call::invoked) - calls_.begin());
    }

    std::span<const Call> calls_;
    std::vector<std::uint64_t> last_return_;  // of this call and those before it
    std::vector<std::uint64_t> overwritten_;  // the first return of one that overwrites, from here on
  };

  bool still_violated(const std::vector<Call>& calls) {
    if (calls.size() > work_) {
      work_ = 0;
      return false;
    }
    Limits limits{.configurations = std::min<std::uint64_t>(work_, 100'000), .bytes = limits_.bytes, .stop = limits_.stop};
    const SearchResult result = Search<Model>(calls, model_, initial_, limits).run();
    spend(result.explored + calls.size());
    is_stopped_ |= result.limit == Limit::kStop;
    return result.outcome == reports::Outcome::kViolated;
  }

  void spend(std::uint64_t work) { work_ -= std::min(work_, work); }
  bool is_spent() const { return work_ == 0; }
  bool is_over() {
    is_stopped_ = is_stopped_ || (limits_.stop && limits_.stop());
    return is_stopped_ || is_spent();
  }

  Model& model_;
  std::uint32_t initial_;
  const Limits& limits_;
  std::uint32_t pinned_ = 0;
  std::uint64_t work_ = 8'000'000;  // calls and configurations looked at
  bool is_stopped_ = false;
};

}  // namespace lockstep::linearizability
