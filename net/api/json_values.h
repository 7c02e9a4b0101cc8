// SQL values as JSON, both ways, without loss.
//
// null, integers and text are what they are; a real always has a point or an exponent, so that 3.0 stays a
// real. Objects stand for what JSON has no word for: {"blob": BASE64}, {"text_base64": BASE64} for text that
// is not UTF-8, {"real": "Infinity"}. {"integer": "9223372036854775807"} is taken from those whose numbers
// are doubles.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/proto/sql.pb.h"
#include "json/cursor.h"
#include "net/api/json_writer.h"

namespace lockstep::api {

// What is wrong goes to the cursor's list.
void read_value(const json::Cursor& at, wire::Value& out);
void write_value(JsonWriter& json, const wire::Value& value);
// "columns": [...], "rows": [[...], ...]
void write_rows(JsonWriter& json, const wire::Rows& rows);

std::string to_base64(BytesView bytes);
// kInvalidArgument unless it is RFC 4648 §4 with its padding.
Result<Bytes> from_base64(std::string_view text);

}  // namespace lockstep::api
