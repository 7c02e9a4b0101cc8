// What each piece is, and the whole.
#include "storage/sql/gathering_functions.h"

#include <deque>
#include <memory>
#include <string>

#include "storage/sql/execution.h"
#include "storage/sql/priced_functions.h"

namespace lockstep::sql {
namespace {

constexpr unsigned kJson = 'J';  // the subtype by which SQLite's functions know JSON from text

std::string text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return text == nullptr ? std::string()
                         : std::string(text, static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

// Lives in the memory that SQLite keeps for an aggregate, which it zeroes and gives back without a word.
template <class T>
std::unique_ptr<T>* slot_of(sqlite3_context* context) {
  void* const memory = sqlite3_aggregate_context(context, sizeof(std::unique_ptr<T>));
  return static_cast<std::unique_ptr<T>*>(memory);
}

void count_in(sqlite3_context* context, int count, sqlite3_value** arguments) {
  auto* const seen = static_cast<std::int64_t*>(sqlite3_aggregate_context(context, sizeof(std::int64_t)));
  if (seen != nullptr && (count == 0 || sqlite3_value_type(arguments[0]) != SQLITE_NULL)) ++*seen;
}
void count_out(sqlite3_context* context, int count, sqlite3_value** arguments) {
  auto* const seen = static_cast<std::int64_t*>(sqlite3_aggregate_context(context, sizeof(std::int64_t)));
  if (seen != nullptr && (count == 0 || sqlite3_value_type(arguments[0]) != SQLITE_NULL)) --*seen;
}
void tell_count(sqlite3_context* context) {
  const auto* const seen = static_cast<std::int64_t*>(sqlite3_aggregate_context(context, 0));
  sqlite3_result_int64(context, seen == nullptr ? 0 : *seen);
}

}  // namespace

struct GatheringFunctions::Gathered {
  struct Piece {
    std::string separator;  // before it, unless it is the first
    std::string text;
  };
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
};

GatheringFunctions::~GatheringFunctions() {
  sqlite3_finalize(quote_);
  sqlite3_finalize(quote_json_);
  sqlite3_finalize(quote_text_);
}

int GatheringFunctions::install(sqlite3* db, sqlite3* builtins, Lane& lane) {
  lane_ = &lane;
  builtins_ = builtins;
  const auto prepare = [&](const char* sql, sqlite3_stmt*& into) {
    return sqlite3_prepare_v3(builtins, sql, -1, SQLITE_PREPARE_PERSISTENT, &into, nullptr);
  };
  if (const int rc = prepare("SELECT json_quote(?1)", quote_); rc != SQLITE_OK) return rc;
  if (const int rc = prepare("SELECT json_quote(json(?1))", quote_json_); rc != SQLITE_OK) return rc;
  if (const int rc = prepare("SELECT json_quote(CAST(?1 AS TEXT))", quote_text_); rc != SQLITE_OK) return rc;
  constexpr int kHow = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_SUBTYPE;
  struct Named {
    const char* name;
    int arguments;
    Function& function;
  };
  for (const Named& one : {Named{"group_concat", 1, text_}, Named{"group_concat", 2, text_},
                           Named{"json_group_array", 1, array_}, Named{"json_group_object", 2, object_}}) {
    const int rc = sqlite3_create_window_function(db, one.name, one.arguments, kHow, &one.function, step,
                                                  finish, look, leave, nullptr);
    if (rc != SQLITE_OK) return rc;
  }
  for (const int arguments : {0, 1}) {
    const int rc =
        sqlite3_create_window_function(db, "count", arguments, SQLITE_UTF8 | SQLITE_INNOCUOUS, nullptr,
                                       count_in, tell_count, tell_count, count_out, nullptr);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

bool GatheringFunctions::quote(sqlite3_context* context, sqlite3_value* value, std::string& out) {
  return run(context, sqlite3_value_subtype(value) == kJson ? quote_json_ : quote_, value, out);
}

// SQLite writes nothing where NULL is a name.
bool GatheringFunctions::quote_name(sqlite3_context* context, sqlite3_value* value, std::string& out) {
  return sqlite3_value_type(value) == SQLITE_NULL || run(context, quote_text_, value, out);
}

bool GatheringFunctions::run(sqlite3_context* context, sqlite3_stmt* statement, sqlite3_value* value,
                             std::string& out) {
  int rc = sqlite3_bind_value(statement, 1, value);
  if (rc == SQLITE_OK) rc = sqlite3_step(statement);
  const bool is_fine = rc == SQLITE_ROW;
  if (is_fine) {
    out += text_of(sqlite3_column_value(statement, 0));
  } else {
    sqlite3_result_error(context, sqlite3_errmsg(builtins_), -1);
    if (rc != SQLITE_ERROR) sqlite3_result_error_code(context, rc);
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return is_fine;
}

void GatheringFunctions::step(sqlite3_context* context, int count, sqlite3_value** arguments) {
  const auto& function = *static_cast<Function*>(sqlite3_user_data(context));
  Gathered::Piece piece{.separator = ",", .text = {}};
  if (function.kind == Kind::kText) {
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return;
    piece.text = text_of(arguments[0]);
    if (count > 1) piece.separator = text_of(arguments[1]);
  } else if (function.kind == Kind::kArray) {
    if (!function.all->quote(context, arguments[0], piece.text)) return;
  } else {
    if (!function.all->quote_name(context, arguments[0], piece.text)) return;
    piece.text += ':';
    if (!function.all->quote(context, arguments[1], piece.text)) return;
  }
  auto* const slot = slot_of<Gathered>(context);
  if (slot == nullptr) return sqlite3_result_error_nomem(context);
  if (!*slot) *slot = std::make_unique<Gathered>();
  Gathered& gathered = **slot;
  const std::size_t bytes = piece.separator.size() + piece.text.size();
  gathered.bytes += bytes;
  gathered.pieces.push_back(std::move(piece));
  if (gathered.bytes > static_cast<std::size_t>(kSizeClasses[std::size(kSizeClasses) - 1].max_bytes))
    return sqlite3_result_error_toobig(context);
  if (!function.all->lane_->budget.charge(bytes / kBytesPerOperation)) interrupt(context);
}

// The oldest one leaves a window's frame.
void GatheringFunctions::leave(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto& function = *static_cast<Function*>(sqlite3_user_data(context));
  if (function.kind == Kind::kText && sqlite3_value_type(arguments[0]) == SQLITE_NULL) return;
  auto* const slot = slot_of<Gathered>(context);
  if (slot == nullptr || !*slot || (*slot)->pieces.empty()) return;
  const Gathered::Piece& oldest = (*slot)->pieces.front();
  (*slot)->bytes -= oldest.separator.size() + oldest.text.size();
  (*slot)->pieces.pop_front();
}

void GatheringFunctions::look(sqlite3_context* context) {
  const auto& function = *static_cast<Function*>(sqlite3_user_data(context));
  auto* const slot = static_cast<std::unique_ptr<Gathered>*>(sqlite3_aggregate_context(context, 0));
  give(context, function, slot == nullptr ? nullptr : slot->get());
}

void GatheringFunctions::finish(sqlite3_context* context) {
  look(context);
  auto* const slot = static_cast<std::unique_ptr<Gathered>*>(sqlite3_aggregate_context(context, 0));
  if (slot != nullptr) slot->reset();
}

void GatheringFunctions::give(sqlite3_context* context, const Function& function, const Gathered* gathered) {
  const bool is_json = function.kind != Kind::kText;
  const bool is_empty = gathered == nullptr || gathered->pieces.empty();
  if (!is_json && is_empty) return sqlite3_result_null(context);
  std::string whole;
  if (gathered != nullptr) whole.reserve(gathered->bytes + 2);
  if (is_json) whole += function.kind == Kind::kArray ? '[' : '{';
  bool is_first = true;
  for (std::size_t at = 0; !is_empty && at < gathered->pieces.size(); ++at) {
    if (!std::exchange(is_first, false)) whole += gathered->pieces[at].separator;
    whole += gathered->pieces[at].text;
  }
  if (is_json) whole += function.kind == Kind::kArray ? ']' : '}';
  Budget& budget = function.all->lane_->budget;
  if (!budget.charge(whole.size() / kBytesPerOperation)) return interrupt(context);
  make_room(sqlite3_context_db_handle(context), budget, whole.size());
  sqlite3_result_text64(context, whole.data(), whole.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (is_json) sqlite3_result_subtype(context, kJson);
}

}  // namespace lockstep::sql
