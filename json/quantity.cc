// Digits and units.
#include "json/quantity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace lockstep::json {

Duration unit_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Duration>, 6> kUnits{{
      {"ns", std::chrono::nanoseconds(1)},
      {"us", std::chrono::microseconds(1)},
      {"ms", std::chrono::milliseconds(1)},
      {"s", std::chrono::seconds(1)},
      {"m", std::chrono::minutes(1)},
      {"h", std::chrono::hours(1)},
  }};
  const auto found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& unit) { return unit.first == name; });
  CHECK(found != kUnits.end(), "unit ", name);
  return found->second;
}

std::int64_t take_digits(std::string_view& text) {
  std::int64_t value = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    value = std::min<std::int64_t>(value * 10 + (text.front() - '0'), std::int64_t{1} << 50);
    text.remove_prefix(1);
  }
  return value;
}

}  // namespace lockstep::json
