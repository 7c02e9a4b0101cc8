// Rises and falls are kept apart, so that each bound takes the worst of what is in doubt.
#include "scenarios/balance.h"

#include <algorithm>

namespace lockstep::scenarios {

std::int64_t RunningSum::before(std::uint64_t position) {
  if (!is_summed_) {
    std::ranges::sort(items_, {}, &Item::position);
    std::int64_t sum = 0;
    for (Item& item : items_) item.amount = sum += item.amount;
    is_summed_ = true;
  }
  const auto end = std::ranges::lower_bound(items_, position, {}, &Item::position);
  return end == items_.begin() ? 0 : (end - 1)->amount;
}

void Balance::add(const reports::Operation& operation, std::int64_t amount) {
  if (operation.completion == reports::Completion::kFail) return;
  Sums& sums = amount > 0 ? rises_ : falls_;
  sums.possible.add(operation.invoked.position, amount);
  if (operation.completion == reports::Completion::kOk) sums.certain.add(operation.returned.position, amount);
}

Balance::Bounds Balance::bounds(const reports::Operation& read, bool may_be_old) {
  const std::uint64_t begin = may_be_old ? 0 : read.invoked.position;
  const std::uint64_t end = read.returned.position;
  return {.least = initial_ + rises_.certain.before(begin) + falls_.possible.before(end),
          .most = initial_ + falls_.certain.before(begin) + rises_.possible.before(end)};
}

}  // namespace lockstep::scenarios
