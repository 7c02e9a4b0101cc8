// SQL functions whose builtin versions would differ between replicas, and which functions user SQL may call at all.
#pragma once

#include <string_view>

#include <sqlite3.h>

#include "storage/sql/lane.h"

namespace lockstep::sql {

// random() and randomblob() draw from Lane::draws; total_changes() counts from Lane::total_changes_base.
// Not deterministic in SQLite's sense (they would be folded into constants), but innocuous (allowed in defaults).
void install_functions(sqlite3* db, Lane& lane);

// Builtin functions are allowed by name, so that one of a later SQLite is not allowed by accident.
bool function_allowed(std::string_view folded_name);
// Why this known function is refused.
std::string_view refusal_of_function(std::string_view folded_name);

}  // namespace lockstep::sql
