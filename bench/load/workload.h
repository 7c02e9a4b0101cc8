// What one operation of a load is, as requests of the framed protocol, and what its answer must be.
#pragma once

#include <cstdint>
#include <string>

#include "base/prng.h"
#include "core/proto/client.pb.h"

namespace lockstep::bench {

enum class Operation : std::uint8_t {
  kFill,          // INSERT of the keys 1, 2, ...
  kInsert,        // INSERT INTO kv(k,v), a new key each
  kLinearizable,  // SELECT of one of the filled keys
  kLocal,
  kChurn,  // updates of filled keys; inserts, and deletes of what was inserted before: nothing grows
};

inline constexpr std::uint64_t kFilledKeys = 100'000;
inline constexpr std::string_view kTable = "CREATE TABLE IF NOT EXISTS kv(k INTEGER PRIMARY KEY, v BLOB)";

class Workload {
 public:
  explicit Workload(Operation operation);
  // The next operation. Call, session and sequence are for the sender to set.
  void compose(wire::Request& request);
  bool writes() const { return operation_ != Operation::kLinearizable && operation_ != Operation::kLocal; }

 private:
  void compose_write(wire::Write& write);
  void compose_churn(wire::Statement& statement);
  void set(wire::Statement& statement, const char* sql, std::uint64_t key, bool with_value);

  Operation operation_;
  Stream random_;
  std::uint64_t first_new_key_;  // later runs have larger ones
  std::uint64_t ordinal_ = 0;
};

// Why this is not the answer that a load expects; empty if it is.
std::string problem_with(const wire::Reply& reply);

}  // namespace lockstep::bench
