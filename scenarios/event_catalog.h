// Every kind of event of the program, to be found by number (recorded traces) and by name (scenario files).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/env/trace.h"

namespace lockstep::scenarios {

// In order of number.
std::span<const env::EventType* const> all_event_types();

// nullptr: there is no such event.
const env::EventType* find_event_type(std::uint16_t number);
const env::EventType* find_event_type(std::string_view name);

}  // namespace lockstep::scenarios
