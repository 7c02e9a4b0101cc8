// What a shell reads and writes: statements out of lines, rows as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/proto/sql.pb.h"

namespace lockstep::cli {

// Takes the complete statements off the front of `text`; what remains is unfinished.
std::vector<std::string> take_statements(std::string& text);
// White space and comments only.
bool is_blank_sql(std::string_view text);

// Its first word, or that of what follows WITH, in lower case; empty: there is none.
std::string verb_of(std::string_view statement);
// Asks and changes nothing.
bool is_query(std::string_view statement);

enum class OutputMode { kTable, kCsv, kJson };
std::string to_text(const wire::Rows& rows, OutputMode mode);

}  // namespace lockstep::cli
