// The replaced functions and the list of allowed ones.
#include "storage/sql/functions.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"

namespace lockstep::sql {
namespace {

// Sorted. Of the math functions: those that IEEE 754 defines to the last bit.
constexpr std::string_view kAllowed[] = {"->",
                                         "->>",
                                         "abs",
                                         "avg",
                                         "ceil",
                                         "ceiling",
                                         "changes",
                                         "char",
                                         "coalesce",
                                         "count",
                                         "cume_dist",
                                         "current_date",
                                         "current_time",
                                         "current_timestamp",
                                         "date",
                                         "datetime",
                                         "degrees",
                                         "dense_rank",
                                         "first_value",
                                         "floor",
                                         "format",
                                         "glob",
                                         "group_concat",
                                         "hex",
                                         "ifnull",
                                         "iif",
                                         "instr",
                                         "json",
                                         "json_array",
                                         "json_array_length",
                                         "json_extract",
                                         "json_group_array",
                                         "json_group_object",
                                         "json_insert",
                                         "json_object",
                                         "json_patch",
                                         "json_quote",
                                         "json_remove",
                                         "json_replace",
                                         "json_set",
                                         "json_type",
                                         "json_valid",
                                         "julianday",
                                         "lag",
                                         "last_insert_rowid",
                                         "last_value",
                                         "lead",
                                         "length",
                                         "like",
                                         "likelihood",
                                         "likely",
                                         "lower",
                                         "ltrim",
                                         "max",
                                         "min",
                                         "mod",
                                         "nth_value",
                                         "ntile",
                                         "nullif",
                                         "percent_rank",
                                         "pi",
                                         "printf",
                                         "quote",
                                         "radians",
                                         "random",
                                         "randomblob",
                                         "rank",
                                         "replace",
                                         "round",
                                         "row_number",
                                         "rtrim",
                                         "series_pack",
                                         "sign",
                                         "soundex",
                                         "sqrt",
                                         "strftime",
                                         "substr",
                                         "substring",
                                         "sum",
                                         "time",
                                         "total",
                                         "total_changes",
                                         "trim",
                                         "trunc",
                                         "typeof",
                                         "unicode",
                                         "unixepoch",
                                         "unlikely",
                                         "upper",
                                         "zeroblob"};
static_assert(std::ranges::is_sorted(kAllowed));

// Sorted. libm computes these differently per processor and version.
constexpr std::string_view kInexact[] = {"acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh",
                                         "cos",  "cosh",  "exp",  "ln",    "log",  "log10", "log2",
                                         "pow",  "power", "sin",  "sinh",  "tan",  "tanh"};
static_assert(std::ranges::is_sorted(kInexact));

Stream& draws_of(sqlite3_context* context) {
  auto& lane = *static_cast<Lane*>(sqlite3_user_data(context));
  if (!lane.draws) lane.draws.emplace(0, Purpose{"sql.no_entry"}, 0);
  return *lane.draws;
}

void random_integer(sqlite3_context* context, int, sqlite3_value**) {
  auto value = static_cast<sqlite3_int64>(draws_of(context).next());
  if (value < 0) value = -(value & INT64_MAX);  // as SQLite does, so that abs(random()) never overflows
  sqlite3_result_int64(context, value);
}

void random_blob(sqlite3_context* context, int, sqlite3_value** arguments) {
  const sqlite3_int64 wanted = std::max<sqlite3_int64>(1, sqlite3_value_int64(arguments[0]));
  if (wanted > sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1))
    return sqlite3_result_error_toobig(context);
  Bytes blob;
  ByteWriter writer(blob);
  while (blob.size() < static_cast<std::size_t>(wanted)) writer.u64(draws_of(context).next());
  sqlite3_result_blob64(context, blob.data(), static_cast<sqlite3_uint64>(wanted), SQLITE_TRANSIENT);
}

void total_changes(sqlite3_context* context, int, sqlite3_value**) {
  const auto& lane = *static_cast<Lane*>(sqlite3_user_data(context));
  sqlite3_result_int64(context,
                       sqlite3_total_changes64(sqlite3_context_db_handle(context)) - lane.total_changes_base);
}

void changes(sqlite3_context* context, int, sqlite3_value**) {
  const auto& lane = *static_cast<Lane*>(sqlite3_user_data(context));
  sqlite3_result_int64(context,
                       lane.changes_are_own ? sqlite3_changes64(sqlite3_context_db_handle(context)) : 0);
}

void refuse(sqlite3_context* context, int, sqlite3_value**) {
  const std::string reason = refusal_of_function(*static_cast<std::string*>(sqlite3_user_data(context)));
  sqlite3_result_error(context, reason.data(), static_cast<int>(reason.size()));
  sqlite3_result_error_code(context, SQLITE_AUTH);
}

// SQLite reads the schema, thus the disk, before it answers.
int list_builtin_functions(sqlite3* db, std::vector<std::string>& names) {
  sqlite3_stmt* query = nullptr;
  const int rc =
      sqlite3_prepare_v2(db, "SELECT DISTINCT lower(name) FROM pragma_function_list", -1, &query, nullptr);
  if (rc != SQLITE_OK) return rc;
  while (sqlite3_step(query) == SQLITE_ROW)
    if (const auto* name = reinterpret_cast<const char*>(sqlite3_column_text(query, 0))) names.emplace_back(name);
  return sqlite3_finalize(query);  // says it, too, if there was no memory for a name
}

using Function = void (*)(sqlite3_context*, int, sqlite3_value**);

// SQLite's code: there may be no memory. What `destroy` destroys is destroyed then.
int install(sqlite3* db, const char* name, int arguments, Function function, void* data,
            void (*destroy)(void*)) {
  return sqlite3_create_function_v2(db, name, arguments, SQLITE_UTF8 | SQLITE_INNOCUOUS, data, function, nullptr, nullptr,
                                    destroy);
}

struct OurFunction {
  const char* name;
  int arguments;
  Function function;
};
constexpr OurFunction kOurFunctions[] = {
    {"random", 0, random_integer},
    {"randomblob", 1, random_blob},
    {"changes", 0, changes},
    {"total_changes", 0, total_changes},
};

}  // namespace

int install_functions(sqlite3* db, Lane& lane) {
  std::vector<std::string> names;
  if (const int rc = list_builtin_functions(db, names); rc != SQLITE_OK) return rc;
  for (const std::string& name : names) {
    if (function_allowed(name)) continue;
    const auto destroy = [](void* data) { delete static_cast<std::string*>(data); };
    const int rc = install(db, name.c_str(), -1, refuse, new std::string(name), destroy);
    if (rc != SQLITE_OK) return rc;
  }
  for (const OurFunction& own : kOurFunctions)
    if (const int rc = install(db, own.name, own.arguments, own.function, &lane, nullptr); rc != SQLITE_OK) return rc;
  return SQLITE_OK;
}

bool function_allowed(std::string_view folded_name) {
  return std::ranges::binary_search(kAllowed, folded_name);
}

std::string refusal_of_function(std::string_view folded_name) {
  std::string_view reason = "it is not on the list of functions that give equal results on every replica";
  if (std::ranges::binary_search(kInexact, folded_name)) reason = "its result differs between processors";
  if (folded_name.starts_with("sqlite_")) reason = "it tells about this node's SQLite, not about the data";
  if (folded_name == "load_extension") reason = "extensions are not replicated";
  return cat("the function ", folded_name, "(): ", reason);
}

}  // namespace lockstep::sql
