// The pieces of a quantity with a unit: "300ms", "50/s".
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace lockstep::json {

inline constexpr Duration kMaxDuration = std::chrono::hours(24);

// The digits at the front of `text`, taken off it; far above any limit of ours if there are too many of them.
std::int64_t take_digits(std::string_view& text);

// ns, us, ms, s, m or h; the schema's pattern has seen to it that it is one of them.
Duration unit_of(std::string_view name);

}  // namespace lockstep::json
