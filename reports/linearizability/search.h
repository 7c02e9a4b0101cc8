// The search for a linearization of one object's operations (Wing and Gong 1993, Lowe 2017), generic in the model.
//
// A configuration is (the next return that has not been passed, which of the operations open there are already
// linearized, the state). Every operation that returned before is linearized, none that was invoked later is: so the
// set is a bit per *open* operation (reports/linearizability/windows.h). A configuration that was seen before is not explored again.
//
// Two prunings, both exchange arguments on a linearization L that continues the current configuration:
//  1. Read first: if a pending operation r that changes no state at all is legal now, it is linearized now and nothing
//     else is tried. Moving r in L to the front is allowed (r is invoked, and all that come earlier are not hurt by
//     its leaving, since r changes no state). This must not be done with writes that happen to keep the value: L may
//     need them later.
//  2. Same operation: of two pending operations with equal step, only the one that returns first is tried. If L puts
//     the other first, exchange the two: both are invoked, and the later place is before the earlier return.
// An operation without a return may be left out of L; it is not tried where it would keep the state.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "reports/intern.h"
#include "reports/linearizability/models.h"
#include "reports/linearizability/search_result.h"
#include "reports/linearizability/windows.h"

namespace lockstep::linearizability {

template <class Model>
class Search {
 public:
  // `calls` in any order; distinct positions.
  Search(std::span<const Call> calls, Model& model, std::uint32_t initial, const Limits& limits)
      : calls_(calls),
        model_(model),
        limits_(limits),
        windows_(calls, limits.bytes),
        stride_(1 + (windows_.slots() + 63) / 64) {
    number_classes();
    current_.assign(stride_, 0);
    set_head(0, initial);
  }

  SearchResult run() {
    if (!windows_.is_whole()) {
      result_.limit = Limit::kBytes;
      return finish();
    }
    if (settle()) return holds();
    if (!remember()) return finish();
    push_frame();
    while (!frames_.empty()) {
      if (frames_.back().first == candidates_.size()) {
        pop_frame();
        continue;
      }
      const Candidate candidate = candidates_.back();
      candidates_.pop_back();
      restore_top();
      linearize(candidate.slot, candidate.call);
      set_head(position(), candidate.state);
      if (settle()) return holds();
      const std::uint64_t before = remembered_;
      if (!remember()) return finish();
      if (remembered_ != before) push_frame();
    }
    result_.outcome = reports::Outcome::kViolated;
    return finish();
  }

 private:
  using Open = Windows::Open;

  struct Candidate {
    std::uint32_t call;
    std::uint32_t slot;
    std::uint32_t state;
  };
  struct Frame {
    std::size_t first;  // of its candidates; they end where the next frame's begin
    std::size_t order;  // length of order_ when it was pushed
  };

  std::uint32_t position() const { return static_cast<std::uint32_t>(current_[0] >> 32); }
  std::uint32_t state() const { return static_cast<std::uint32_t>(current_[0]); }
  void set_head(std::uint32_t position, std::uint32_t state) {
    current_[0] = (std::uint64_t{position} << 32) | state;
  }
  bool linearized(std::uint32_t slot) const { return (current_[1 + slot / 64] >> (slot % 64)) & 1; }
  void flip(std::uint32_t slot) { current_[1 + slot / 64] ^= 1ull << (slot % 64); }

  void linearize(std::uint32_t slot, std::uint32_t call) {
    flip(slot);
    order_.push_back(call);
  }

  void number_classes() {
    HashIndex index;
    std::vector<Step> steps;
    for (const Call& call : calls_) {
      const Step& step = call.step;
      const std::uint64_t hash = mixed((std::uint64_t{step.a} << 32 | step.b) * 8 + static_cast<unsigned>(step.kind));
      const auto next = static_cast<std::uint32_t>(steps.size());
      const std::uint32_t number =
          index.find_or_insert(hash, next, [&](std::uint32_t other) { return steps[other] == step; });
      if (number == next) steps.push_back(step);
      class_of_.push_back(number);
    }
    class_tried_.assign(steps.size(), 0);
  }

  // Linearizes the reads that are legal now and passes the returns of linearized calls; true at the end.
  bool settle() {
    while (position() < windows_.size()) {
      const auto open = windows_.open(position());
      for (const Open& item : open) {
        const Step& step = calls_[item.call].step;
        if (step.read_only && !linearized(item.slot) && model_.after(state(), step) != kIllegal) {
          linearize(item.slot, item.call);
        }
      }
      if (!linearized(open.front().slot)) return false;
      flip(open.front().slot);
      set_head(position() + 1, state());
    }
    return true;
  }

  // False if a limit is reached. A configuration that is known leaves remembered_ as it was.
  bool remember() {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : current_) hash = mixed(hash ^ word);
    const auto next = static_cast<std::uint32_t>(remembered_);
    const std::uint32_t number = seen_.find_or_insert(hash, next, [this](std::uint32_t other) {
      return std::equal(current_.begin(), current_.end(), seen_words_.begin() + std::size_t{other} * stride_);
    });
    if (number != next) return true;
    seen_words_.insert(seen_words_.end(), current_.begin(), current_.end());
    ++remembered_;
    note_progress();
    if (remembered_ >= limits_.configurations) {
      result_.limit = Limit::kConfigurations;
    } else if (windows_.bytes() + seen_.bytes() + seen_words_.size() * 8 > limits_.bytes) {
      result_.limit = Limit::kBytes;
    } else if (remembered_ % 1024 == 0 && limits_.stop && limits_.stop()) {
      result_.limit = Limit::kStop;
    }
    return result_.limit == Limit::kNone;
  }

  void note_progress() {
    if (position() < furthest_) return;
    if (position() > furthest_) {
      furthest_ = position();
      furthest_states_.clear();
    }
    if (furthest_states_.size() < SearchResult::kMaxStates) furthest_states_.insert(state());
  }

  // Candidates are taken from the back, so that the call which returns first is tried first.
  void push_frame() {
    frames_.push_back({candidates_.size(), order_.size()});
    frame_words_.insert(frame_words_.end(), current_.begin(), current_.end());
    ++round_;
    const std::size_t first = candidates_.size();
    for (const Open& item : windows_.open(position())) consider(item, false);
    for (const Open& item : windows_.endless(position())) consider(item, true);
    std::reverse(candidates_.begin() + static_cast<std::ptrdiff_t>(first), candidates_.end());
  }

  void consider(const Open& item, bool may_be_left_out) {
    const auto [call, slot] = item;
    if (linearized(slot) || class_tried_[class_of_[call]] == round_) return;
    class_tried_[class_of_[call]] = round_;
    const std::uint32_t next = model_.after(state(), calls_[call].step);
    if (next == kIllegal || (may_be_left_out && next == state())) return;
    candidates_.push_back({call, slot, next});
  }

  void pop_frame() {
    frames_.pop_back();
    frame_words_.resize(frame_words_.size() - stride_);
  }

  void restore_top() {
    std::copy(frame_words_.end() - static_cast<std::ptrdiff_t>(stride_), frame_words_.end(), current_.begin());
    order_.resize(frames_.back().order);
  }

  SearchResult holds() {
    result_.outcome = reports::Outcome::kHolds;
    result_.order = order_;
    result_.explored = remembered_;
    return std::move(result_);
  }
  SearchResult finish() {
    result_.explored = remembered_;
    result_.blocked = windows_.returning(furthest_);
    result_.states.assign(furthest_states_.begin(), furthest_states_.end());
    return std::move(result_);
  }

  // Finaliser of SplitMix64.
  static std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  }

  std::span<const Call> calls_;
  Model& model_;
  const Limits& limits_;
  const Windows windows_;
  std::size_t stride_;  // words of a configuration
  std::vector<std::uint32_t> class_of_;

  std::vector<std::uint64_t> current_;  // position and state, then the bit set
  std::vector<std::uint32_t> order_;
  std::vector<Frame> frames_;
  std::vector<std::uint64_t> frame_words_;
  std::vector<Candidate> candidates_;
  std::vector<std::uint64_t> class_tried_;
  std::uint64_t round_ = 0;

  HashIndex seen_;
  std::vector<std::uint64_t> seen_words_;
  std::uint64_t remembered_ = 0;
  std::uint32_t furthest_ = 0;
  std::set<std::uint32_t> furthest_states_;
  SearchResult result_;
};

}  // namespace lockstep::linearizability
