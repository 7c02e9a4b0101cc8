// Linearizability of a history against a sequential model, with a counter-example that a person can read.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "reports/history.h"
#include "reports/linearizability/search_result.h"
#include "reports/verdict.h"

namespace lockstep::linearizability {

// What the object is and how its answers are to be read. docs/format/history.md lists models and options.
struct ModelOptions {
  enum class Kind : std::uint8_t { kRegister, kAppend, kMultiRegister, kMutex };

  Kind kind = Kind::kRegister;
  std::string name = "cas-register";
  reports::Value initial;           // multi-register: an object; a key that it does not name starts as null
  bool nil_read_says_nothing = false;  // else a read of null means: the initial value
  bool owner_releases = false;         // mutex: only the process that holds the lock gives it back
  bool observe_failed_cas = false;  // a compare-and-set that failed with "cas-mismatch" saw another value
};

bool is_model(std::string_view name);
// `name` is register, cas-register, kv, kv-append, multi-register or mutex; an option is "key=value".
Result<ModelOptions> parse_model(std::string_view name, std::span<const std::string> options);

struct Findings {
  reports::Outcome outcome = reports::Outcome::kHolds;
  std::uint64_t operations = 0;  // that take part: failed ones and reads without an answer do not
  std::uint64_t answered = 0;    // those of them that returned; the others may also be left out
  std::uint64_t objects = 0;     // keys, checked one by one: a history is linearizable if each of its objects is
                                 // (locality, Herlihy and Wing 1990 §3)
  std::uint64_t explored = 0;    // configurations
  Limit limit = Limit::kNone;    // kUnknown: the one that was reached

  // For kViolated, the operation that cannot be placed; for kUnknown, the one that was not yet placed.
  struct Blocked {
    reports::Value key;
    std::uint32_t operation = 0;                // number in the history
    std::optional<std::uint32_t> previous_ok;   // the return before it: up to there all can be placed
    std::uint64_t placed = 0;                   // operations of this key that returned before
    std::uint64_t of = 0;                       // operations of this key
    std::vector<std::string> states;            // that the object can be in there
    std::vector<std::uint32_t> minimal;         // kViolated: these operations alone are not linearizable
    bool among_conflict = false;                // `placed`, `of` and `states` are of operations in conflict only
    std::string unwritten;                      // the value that it saw and nobody wrote; empty: it is not that
  };
  std::optional<Blocked> blocked;
};

// Fails if the history does not fit the model: an unknown f, a value of another shape.
Result<Findings> check(const reports::History& history, const ModelOptions& model, const Limits& limits = {});

// The findings as a row of the table of verdicts, with at most twenty lines of evidence.
reports::Verdict verdict(const reports::History& history, const ModelOptions& model, const Findings& findings);

// "process 3 cas [1,2] -> ok", long values shortened.
std::string describe(const reports::Operation& operation);

}  // namespace lockstep::linearizability
