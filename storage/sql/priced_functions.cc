// The list of priced functions, what they are charged, and the way to the builtins.
#include "storage/sql/priced_functions.h"

#include <algorithm>
#include <bitset>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::sql {
namespace {

constexpr unsigned kJson = 'J';  // the subtype by which SQLite's functions know JSON from text
constexpr int kMaxArguments = 100;
// What a function does with its arguments beyond reading them once.
enum class Work {
  kOnce,
  kPaths,    // for every path, a search through the document
  kProduct,  // for every byte of one, something with every byte of the other
};

struct Price {
  const char* name;
  Work work;
  std::uint64_t steps_per_operation = 1;  // of kProduct: in about the time of an operation
};

constexpr Price kPrices[] = {{"->", Work::kPaths},
                             {"->>", Work::kPaths},
                             {"json", Work::kOnce},
                             {"json_array", Work::kOnce},
                             {"json_array_length", Work::kPaths},
                             {"json_extract", Work::kPaths},
                             {"json_insert", Work::kPaths},
                             {"json_object", Work::kOnce},
                             {"json_patch", Work::kProduct, 1024},
                             {"json_quote", Work::kOnce},
                             {"json_remove", Work::kPaths},
                             {"json_replace", Work::kPaths},
                             {"json_set", Work::kPaths},
                             {"json_type", Work::kPaths},
                             {"json_valid", Work::kOnce},
                             {"instr", Work::kProduct, 1024},
                             {"replace", Work::kProduct, 1024},
                             {"trim", Work::kProduct, 32},
                             {"ltrim", Work::kProduct, 32},
                             {"rtrim", Work::kProduct, 32},
                             {"like", Work::kProduct, 128},
                             {"glob", Work::kProduct, 128},
    // Of a result beyond the limit they would make NULL, without an error.
    {"format", Work::kOnce},
    {"printf", Work::kOnce}};

bool is_like(std::string_view name) { return name == "like" || name == "glob"; }

std::uint64_t size_of(sqlite3_value* value) {
  const int type = sqlite3_value_type(value);
  return type == SQLITE_TEXT || type == SQLITE_BLOB ? static_cast<std::uint64_t>(sqlite3_value_bytes(value))
                                                    : 8;
}

// The same for every execution, and nothing for what an operation may be expected to do.
std::uint64_t charge_of(const Price& price, int count, sqlite3_value** arguments) {
  std::uint64_t bytes = 0;
  for (int at = 0; at < count; ++at) bytes += size_of(arguments[at]);
  std::uint64_t charge = bytes / kBytesPerOperation;
  if (price.work == Work::kPaths && count > 2)
    charge += size_of(arguments[0]) * static_cast<std::uint64_t>(count - 2) / (2 * kBytesPerOperation);
  if (price.work == Work::kProduct && count > 1)
    charge += size_of(arguments[0]) * size_of(arguments[1]) / price.steps_per_operation;
  return charge;
}

// It stays the caller's.
int bind(sqlite3_stmt* statement, int position, sqlite3_value* value) {
  const auto size = static_cast<sqlite3_uint64>(sqlite3_value_bytes(value));
  switch (sqlite3_value_type(value)) {
    case SQLITE_TEXT:
      return sqlite3_bind_text64(statement, position,
                                 reinterpret_cast<const char*>(sqlite3_value_text(value)), size,
                                 SQLITE_STATIC, SQLITE_UTF8);
    case SQLITE_BLOB: {
      const void* bytes = sqlite3_value_blob(value);
      return sqlite3_bind_blob64(statement, position, bytes != nullptr ? bytes : "", size, SQLITE_STATIC);
    }
    default: return sqlite3_bind_value(statement, position, value);
  }
}

}  // namespace

void interrupt(sqlite3_context* context) {
  sqlite3_result_error(context, "interrupted", -1);
  sqlite3_result_error_code(context, SQLITE_INTERRUPT);
}

struct PricedFunctions::Function {
  const Price& price;
  sqlite3* builtins;
  Lane& lane;

  // By the number of arguments and which of them are JSON.
  struct Form {
    int count;
    std::bitset<kMaxArguments> json;
    sqlite3_stmt* statement;
  };
  std::vector<Form> forms;  // the last used first
  static constexpr std::size_t kMaxForms = 16;

  ~Function() { forget_forms(); }
  void forget_forms() {
    for (const Form& form : forms) sqlite3_finalize(form.statement);
    forms.clear();
  }
  sqlite3_stmt* form_of(int count, sqlite3_value** arguments);
  std::string text_of(int count, const std::bitset<kMaxArguments>& json) const;
};

std::string PricedFunctions::Function::text_of(int count, const std::bitset<kMaxArguments>& json) const {
  const std::string_view name = price.name;
  if (name.starts_with("-")) return cat("SELECT ?1 ", name, " ?2");
  std::string text = cat("SELECT ", name, "(");
  for (int at = 0; at < count; ++at) {
    if (at > 0) text += ", ";
    text += json[static_cast<std::size_t>(at)] ? cat("json(?", at + 1, ")") : cat("?", at + 1);
  }
  return text + ")";
}

// None: there is no such form of the function.
sqlite3_stmt* PricedFunctions::Function::form_of(int count, sqlite3_value** arguments) {
  std::bitset<kMaxArguments> json;
  for (int at = 0; at < count; ++at)
    if (sqlite3_value_subtype(arguments[at]) == kJson) json.set(static_cast<std::size_t>(at));
  const auto found =
      std::ranges::find_if(forms, [&](const Form& form) { return form.count == count && form.json == json; });
  if (found != forms.end()) {
    std::rotate(forms.begin(), found, found + 1);
    return forms.front().statement;
  }
  sqlite3_stmt* statement = nullptr;
  const std::string text = text_of(count, json);
  if (sqlite3_prepare_v3(builtins, text.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK)
    return nullptr;
  if (forms.size() == kMaxForms) forget_forms();
  forms.insert(forms.begin(), {count, json, statement});
  return statement;
}

PricedFunctions::PricedFunctions() = default;

PricedFunctions::~PricedFunctions() {
  functions_.clear();
  CHECK(sqlite3_close(builtins_) == SQLITE_OK, "a statement of a priced function is left");
}

int PricedFunctions::install(sqlite3* db, Lane& lane, const char* vfs, bool like) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
  if (const int rc = sqlite3_open_v2(":memory:", &builtins_, flags, vfs); rc != SQLITE_OK) return rc;
  for (const int limit : {SQLITE_LIMIT_LENGTH, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, SQLITE_LIMIT_FUNCTION_ARG})
    sqlite3_limit(builtins_, limit, sqlite3_limit(db, limit, -1));
  constexpr int kHow = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC | SQLITE_SUBTYPE;
  for (const Price& price : kPrices) {
    if (is_like(price.name) && !like) continue;
    functions_.push_back({.price = price, .builtins = builtins_, .lane = lane, .forms = {}});
    const int rc = sqlite3_create_function_v2(db, price.name, -1, kHow, &functions_.back(), call, nullptr,
                                              nullptr, nullptr);
    if (rc != SQLITE_OK) return rc;  // no memory
  }
  return SQLITE_OK;
}

void PricedFunctions::call(sqlite3_context* context, int count, sqlite3_value** arguments) {
  auto& function = *static_cast<Function*>(sqlite3_user_data(context));
  Budget& budget = function.lane.budget;
  if (!budget.charge(charge_of(function.price, count, arguments))) return interrupt(context);
  sqlite3_stmt* statement = function.form_of(count, arguments);
  if (statement == nullptr) {
    const int rc = sqlite3_errcode(function.builtins);
    sqlite3_result_error(context, sqlite3_errmsg(function.builtins), -1);
    // Of this node alone, and no answer of the statement.
    if (rc != SQLITE_ERROR) sqlite3_result_error_code(context, rc);
    return;
  }
  int rc = SQLITE_OK;
  for (int at = 0; at < count && rc == SQLITE_OK; ++at) rc = bind(statement, at + 1, arguments[at]);
  if (rc == SQLITE_OK) rc = sqlite3_step(statement);
  if (rc == SQLITE_ROW) {
    sqlite3_value* result = sqlite3_column_value(statement, 0);
    const unsigned subtype = sqlite3_value_subtype(result);
    sqlite3_result_value(context, result);
    sqlite3_result_subtype(context, subtype);
    // The limit is lower here than for the builtins.
    const int limit = sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
    if (size_of(result) > static_cast<std::uint64_t>(limit)) sqlite3_result_error_toobig(context);
    if (!budget.charge(size_of(result) / kBytesPerOperation)) interrupt(context);
  } else {
    sqlite3_result_error(context, sqlite3_errmsg(function.builtins), -1);
    if (rc != SQLITE_ERROR) sqlite3_result_error_code(context, rc);
  }
  sqlite3_reset(statement);
}

}  // namespace lockstep::sql
