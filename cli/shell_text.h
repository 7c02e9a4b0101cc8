// What a shell reads and writes: statements out of lines, rows as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/proto/sql.pb.h"

namespace lockstep::cli {

// Takes the first complete statement off the front of `text`, with the white space and comments before it;
// nullopt: it is unfinished.
std::optional<std::string> take_statement(std::string& text);
// Where something stands that is neither white space, nor a semicolon, nor a whole comment; else the end.
std::size_t begin_of(std::string_view text);
bool is_blank_sql(std::string_view text);

// Its first word, or that of what follows WITH, in lower case; empty: there is none.
std::string verb_of(std::string_view statement);
// Asks and changes nothing.
bool is_query(std::string_view statement);

enum class OutputMode { kTable, kCsv, kJson };
std::string to_text(const wire::Rows& rows, OutputMode mode);

}  // namespace lockstep::cli
