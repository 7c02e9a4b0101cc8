// One pass over invocations and returns; a slot that is given back is the next to be taken.
#include "reports/linearizability/windows.h"

#include <algorithm>

namespace lockstep::linearizability {

Windows::Windows(std::span<const Call> calls, std::uint64_t most_bytes) {
  const auto invoked_at = [&](std::uint32_t call) { return calls[call].invoked; };
  const auto returned_at = [&](std::uint32_t call) { return calls[call].returned; };
  std::vector<std::uint32_t> never_returning;
  for (std::uint32_t call = 0; call < calls.size(); ++call)
    (calls[call].returned == kNoReturn ? never_returning : returning_).push_back(call);
  std::vector<std::uint32_t> by_invocation = returning_;
  std::ranges::sort(returning_, {}, returned_at);
  std::ranges::sort(by_invocation, {}, invoked_at);
  std::ranges::sort(never_returning, {}, invoked_at);

  std::uint64_t items = 0;
  for (std::size_t position = 0, invoked = 0; position < returning_.size(); ++position) {
    const std::uint64_t end = returned_at(returning_[position]);
    while (invoked < by_invocation.size() && invoked_at(by_invocation[invoked]) < end) ++invoked;
    items += invoked - position;
  }
  if (items * sizeof(Open) + returning_.size() * sizeof(Window) > most_bytes) return;
  open_.reserve(items);
  windows_.reserve(returning_.size() + 1);

  std::vector<std::uint32_t> free_slots;
  std::vector<Open> open;  // by return
  std::size_t invoked = 0, endless = 0;
  for (const std::uint32_t returning : returning_) {
    const std::uint64_t end = calls[returning].returned;
    for (; invoked < by_invocation.size() && invoked_at(by_invocation[invoked]) < end; ++invoked) {
      if (free_slots.empty()) free_slots.push_back(slots_++);
      const Open opened{by_invocation[invoked], free_slots.back()};
      free_slots.pop_back();
      const auto of = [&](const Open& item) { return returned_at(item.call); };
      open.insert(std::ranges::upper_bound(open, of(opened), {}, of), opened);
    }
    while (endless < never_returning.size() && invoked_at(never_returning[endless]) < end) ++endless;
    windows_.push_back({open_.size(), endless});
    open_.insert(open_.end(), open.begin(), open.end());
    free_slots.push_back(open.front().slot);
    open.erase(open.begin());
  }
  windows_.push_back({open_.size(), endless});
  for (const std::uint32_t call : never_returning) endless_.push_back({call, slots_++});
}

}  // namespace lockstep::linearizability
