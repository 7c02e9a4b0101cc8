// SQL values as text.
#pragma once

#include <string>

#include "core/proto/sql.pb.h"

namespace lockstep::cli {

// The shortest text that SQLite reads as this real again; it has a point or an exponent, or is Inf.
std::string real_text(double value);
// As a cell shows it: text as it is, a blob as x'00ff', null as nothing.
std::string plain_text(const wire::Value& value);
// As SQL has it: 'it''s', x'00ff', NULL.
std::string literal_text(const wire::Value& value);
// As JSON has it; a blob is the string of its literal, an infinite real a number that no double holds.
std::string json_text(const wire::Value& value);
// Between double quotes; bytes that are not UTF-8 are replaced.
std::string json_string(const std::string& text);

}  // namespace lockstep::cli
