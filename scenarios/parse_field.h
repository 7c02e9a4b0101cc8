// The reading of a scenario's field.
#pragma once

#include "json/cursor.h"
#include "scenarios/field.h"

namespace lockstep::scenarios {

// `at` has passed the schema.
Field read_field(const json::Cursor& at);

}  // namespace lockstep::scenarios
