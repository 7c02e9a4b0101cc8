// Transactions as the checkers see them: keys, versions and transactions are dense numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "reports/history.h"
#include "reports/intern.h"
#include "reports/transactions/anomalies.h"

namespace lockstep::transactions {

inline constexpr std::uint32_t kNone = ~0u;

enum class Workload : std::uint8_t {
  kListAppend,  // a key holds a list; ["append",k,v] adds an element at its end
  kRegister,    // a key holds a value; ["w",k,v] replaces it
};
std::string_view to_string(Workload workload);

// What one write made: an element of a list, or a value of a register. A value is written to a key at most
// once, so that a read tells whose write it saw.
struct Version {
  std::uint32_t key = kNone;
  std::uint32_t writer = kNone;  // none: nobody in this history
  bool last = false;             // its transaction wrote nothing later to this key
  bool seen = false;             // some transaction that succeeded read it
  std::uint32_t place = kNone;   // of an element: where the longest list of its key has it
  reports::Value value;
};

// One micro-operation. A read whose answer is not known makes no step.
struct Step {
  bool write = false;
  bool list_is_prefix = true;  // of the longest list that was read of this key
  bool external = false;       // a read, and its transaction wrote nothing to that key before it
  std::uint32_t key = 0;
  std::uint32_t previous = kNone;    // the step before it with the same key, and ...
  std::uint32_t last_write = kNone;  // ... the last write to that key: places in the transaction
  std::uint32_t version = kNone;  // written; or read: the newest that the answer shows, none for an empty key
  std::uint32_t length = 0;       // of a list that was read, repeated elements counted once
  const reports::Value* answer = nullptr;  // what was read; points into the history
};

struct Transaction {
  std::uint32_t operation = kNone;  // in the history; none: a writer outside of it
  std::int64_t process = 0;
  reports::Completion completion = reports::Completion::kOk;
  bool happened = false;  // it succeeded, or its outcome is unknown and somebody read what it wrote
  std::uint64_t invoked = 0;
  std::uint64_t returned = reports::Moment::kNever;
  std::int64_t log_index = -1;  // where the database's log has it; -1: not known
  std::uint32_t first_step = 0;
  std::uint32_t end_step = 0;
};

// The history stays alive as long as this.
class Transactions {
 public:
  Workload workload = Workload::kListAppend;
  const reports::History* history = nullptr;
  std::vector<Transaction> transactions;
  std::vector<Step> steps;
  std::vector<Version> versions;
  reports::ValueTable keys;
  // kListAppend: the order of the elements of each key, as its longest list has them, each once.
  std::vector<std::vector<std::uint32_t>> lists;

  std::span<const Step> steps_of(std::uint32_t transaction) const {
    const Transaction& t = transactions[transaction];
    return std::span(steps).subspan(t.first_step, t.end_step - t.first_step);
  }
  // "x", "\"a b\"": keys and values as people write them.
  std::string key_text(std::uint32_t key) const;
  std::string version_text(std::uint32_t version) const;
};

// Finds out the workload from the names of the micro-operations. Fails if the history has other operations
// than transactions of one workload, or writes one value twice to a key.
Result<Transactions> translate(const reports::History& history, AnomalyLog& log);

}  // namespace lockstep::transactions
