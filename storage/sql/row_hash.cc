// Canonical encoding of a row: one tag byte per value, then a fixed-width number or the length and the bytes.
#include "storage/sql/row_hash.h"

#include <bit>

#include "base/hash.h"

namespace lockstep::sql {
namespace {

enum class Tag : char { kNull, kInteger, kReal, kText, kBlob };

void append_word(Bytes& out, Tag tag, std::uint64_t word) {
  char bytes[9] = {static_cast<char>(tag)};
  for (int i = 0; i < 8; ++i) bytes[1 + i] = static_cast<char>(word >> (8 * i));
  out.append(bytes, sizeof bytes);
}

void append_real(Bytes& out, double real) {
  // Doubles in [-2^63, 2^63) that convert to an integer and back unchanged are that integer.
  if (real >= -9223372036854775808.0 && real < 9223372036854775808.0) {
    const auto integer = static_cast<std::int64_t>(real);
    if (static_cast<double>(integer) == real)
      return append_word(out, Tag::kInteger, static_cast<std::uint64_t>(integer));
  }
  append_word(out, Tag::kReal, std::bit_cast<std::uint64_t>(real));
}

}  // namespace

void RowHasher::begin(std::int64_t rowid) {
  encoded_.clear();
  append_word(encoded_, Tag::kInteger, static_cast<std::uint64_t>(rowid));
}

void RowHasher::add(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return append_word(encoded_, Tag::kInteger, static_cast<std::uint64_t>(sqlite3_value_int64(value)));
    case SQLITE_FLOAT: return append_real(encoded_, sqlite3_value_double(value));
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
      const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
      append_word(encoded_, Tag::kText, size);
      encoded_.append(text, size);
      return;
    }
    case SQLITE_BLOB: {
      const auto* blob = static_cast<const char*>(sqlite3_value_blob(value));
      const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
      append_word(encoded_, Tag::kBlob, size);
      if (size > 0) encoded_.append(blob, size);
      return;
    }
    default: encoded_.push_back(static_cast<char>(Tag::kNull));
  }
}

std::uint64_t RowHasher::finish() const { return hash64(encoded_); }

}  // namespace lockstep::sql
