// SQL functions whose builtin versions would differ between replicas, and which functions user SQL may call at all.
#pragma once

#include <string>
#include <string_view>

#include <sqlite3.h>

#include "storage/sql/lane.h"

namespace lockstep::sql {

// random() and randomblob() draw from Lane::draws; changes() and total_changes() begin with the batch. They are not
// deterministic in SQLite's sense (that would fold them into constants), but innocuous (allowed in defaults).
// Builtins that are not allowed become functions that fail: SQLite asks no authoriser about column defaults.
// SQLite's result code: the schema is read, which may fail.
int install_functions(sqlite3* db, Lane& lane);

// Builtin functions are allowed by name, so that one of a later SQLite is not allowed by accident.
bool function_allowed(std::string_view folded_name);
// What is said when this function is refused.
std::string refusal_of_function(std::string_view folded_name);

}  // namespace lockstep::sql
