// Reads the program of a statement.
#include "storage/sql/single_pass.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace lockstep::sql {
namespace {

// Sorted. No functions, aggregates, sorters, triggers or subroutines: what they hold outlives a row. No
// concatenation: it makes a large value out of small ones.
constexpr std::string_view kOfOneRow[] = {
    "Add",     "AddImm",       "Affinity",      "And",          "BitAnd",     "BitNot",   "BitOr",
    "Close",   "Column",       "Copy",          "DeferredSeek", "Delete",     "Divide",   "EndCoroutine",
    "Eq",      "FinishSeek",   "FkCounter",     "FkIfZero",     "Found",      "Ge",       "Goto",
    "Gt",      "Halt",         "HaltIfNull",    "IdxDelete",    "IdxGE",      "IdxGT",    "IdxInsert",
    "IdxLE",   "IdxLT",        "IdxRowid",      "If",           "IfNot",      "Init",     "InitCoroutine",
    "Insert",  "Int64",        "IntCopy",       "Integer",      "IsNull",     "Last",     "Le",
    "Lt",      "MakeRecord",   "Move",          "Multiply",     "MustBeInt",  "Ne",       "NewRowid",
    "Next",    "NoConflict",   "Noop",          "Not",          "NotExists",  "NotFound", "NotNull",
    "Null",    "Once",         "OpenEphemeral", "OpenRead",     "OpenWrite",  "Or",       "Prev",
    "Real",    "RealAffinity", "Remainder",     "ReopenIdx",    "ResetCount", "Rewind",   "RowCell",
    "RowData", "RowSetAdd",    "RowSetRead",    "Rowid",        "SCopy",      "SeekGE",   "SeekGT",
    "SeekLE",  "SeekLT",       "SeekRowid",     "ShiftLeft",    "ShiftRight", "SoftNull", "String",
    "String8", "Subtract",     "Transaction",   "Variable",     "Yield"};

static_assert(std::ranges::is_sorted(kOfOneRow));

struct Loop {
  int first;
  int last;
};

bool is_allowed(std::string_view operation) { return std::ranges::binary_search(kOfOneRow, operation); }

bool contain_each_other(const Loop& a, const Loop& b) { return a.first <= b.last && b.first <= a.last; }

}  // namespace

Result<bool> is_single_pass(Connection& connection, const std::string& text) {
  LOCKSTEP_TRY(explained, connection.prepare("EXPLAIN " + text));
  std::vector<Loop> loops;
  int rc;
  while ((rc = sqlite3_step(explained.get())) == SQLITE_ROW) {
    const int address = sqlite3_column_int(explained.get(), 0);
    const auto* operation_text = reinterpret_cast<const char*>(sqlite3_column_text(explained.get(), 1));
    if (operation_text == nullptr)
      return std::unexpected(connection.failure(SQLITE_NOMEM, "explaining a statement"));
    const std::string_view operation = operation_text;
    const int target = sqlite3_column_int(explained.get(), 3);
    if (!is_allowed(operation)) return false;
    const bool goes_round = operation == "Next" || operation == "Prev" || operation == "Goto";
    const bool is_start =
        operation == "Goto" && target == 1;  // the end of every program leads to its beginning, once
    if (goes_round && target <= address && !is_start) loops.push_back({target, address});
  }
  if (rc != SQLITE_DONE) return std::unexpected(connection.failure(rc, "explaining a statement"));
  for (std::size_t at = 0; at < loops.size(); ++at)
    for (std::size_t other = 0; other < at; ++other)
      if (contain_each_other(loops[at], loops[other])) return false;
  return true;
}

}  // namespace lockstep::sql
