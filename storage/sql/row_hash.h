// The hash of one row: equal for equal contents, whichever way SQLite happens to present or store the
// numbers.
#pragma once

#include <sqlite3.h>

#include <cstdint>

#include "base/bytes.h"

namespace lockstep::sql {

// Feed rowid (0 for WITHOUT ROWID) and the stored columns in order, then take the hash.
class RowHasher {
 public:
  void begin(std::int64_t rowid);
  // NULL, integer, real, text and blob are told apart, but an integral real equals the integer: a REAL column
  // stores 3.0 as the integer 3, and the pre-update hook shows one as new and the other as old.
  void add(sqlite3_value* value);
  std::uint64_t finish() const;

 private:
  Bytes encoded_;  // kept between rows for its capacity
};

}  // namespace lockstep::sql
