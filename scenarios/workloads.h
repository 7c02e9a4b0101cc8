// What the clients of a scenario do: the kinds of workloads with their numbers.
//
// Plain values like scenarios/scenario.h, of which they are a part. How a kind is carried out stands in the
// file of its client (bank_client.h, ...); how its history is judged, in judges.h.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "scenarios/quantities.h"

namespace lockstep::scenarios {

enum class ReadLevel : std::uint8_t { kLinearizable, kLocal };
std::string_view to_string(ReadLevel level);

// Closed loop: each client waits this long after an answer before its next operation.
struct Think {
  Duration time{};
  bool operator==(const Think&) const = default;
};

// The clients of one workload. They are named c1, c2, ... over all workloads in the order of the file.
struct Load {
  std::uint32_t clients = 4;
  std::variant<Think, Rate> pacing =
      Think{std::chrono::milliseconds(20)};    // a Rate is that of all clients together
  Duration start{};                            // since the run began
  Duration lasting{};                          // no operation begins after start + lasting
  std::optional<std::uint64_t> ops;            // and at most so many begin, over all clients
  Duration timeout = std::chrono::seconds(2);  // an operation without an answer by then: outcome unknown
  std::uint32_t pipeline = 1;                  // so many operations of one client may be unanswered at a time
  bool operator==(const Load&) const = default;
};

// Registers with compare-and-set, kept in one SQL table: the history is judged for linearizability per key.
struct RegisterWorkload {
  Load load;
  std::uint32_t keys = 5;
  Probability reads{500'000};  // share of all operations
  Probability cas{200'000};  // share of all operations; the rest are plain writes. Checked: reads + cas <= 1
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const RegisterWorkload&) const = default;
};

// Inserts of unique values: each acknowledged one must be found at the end. Reads are GetVersion and the
// contents; versions must agree with the executed statements.
struct VersionedWrites {
  Load load;
  std::uint32_t tables = 1;
  std::uint32_t statements = 1;  // per write; above one: ExecuteBatch, all or nothing
  Probability reads{100'000};
  Probability breaking;  // share of the writes that end with a statement which must undo the whole write
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const VersionedWrites&) const = default;
};

// No writes: rounds in which one client compares versions and contents with what was acknowledged before.
// Checked: some versioned_writes workload starts earlier. Level local: every running node is asked.
struct Verify {
  Duration start{};
  std::uint32_t rounds = 3;
  Duration every = std::chrono::milliseconds(500);
  ReadLevel read_level = ReadLevel::kLinearizable;
  Duration timeout = std::chrono::seconds(2);
  bool operator==(const Verify&) const = default;
};

// Transfers between accounts, each of them one transaction; a read sees all accounts, and always the same
// total.
struct BankWorkload {
  Load load;
  std::uint32_t accounts = 8;
  std::uint32_t balance = 100;  // of each account at first
  std::uint32_t most = 40;      // a transfer moves 1 to so much; one of more than there is must be refused
  Probability reads{300'000};
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const BankWorkload&) const = default;
};

// Unique elements are added to one set that would not refuse a second copy; a read sees all of them.
struct SetWorkload {
  Load load;
  Probability reads{100'000};
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const SetWorkload&) const = default;
};

// Increments of counters: a read lies between what was added for certain and what may have been.
struct CounterWorkload {
  Load load;
  std::uint32_t keys = 3;
  std::uint32_t most = 5;  // an increment adds 1 to so much
  Probability reads{300'000};
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const CounterWorkload&) const = default;
};

enum class ListForm : std::uint8_t {
  kText,  // a list is one value, to which a text is appended
  kRows,  // a list is the rows of its key, in the order of their numbers
};
std::string_view to_string(ListForm form);

// Transactions of reads of whole lists and appends to them, over several keys: judged as strictly
// serializable.
struct ListAppendWorkload {
  Load load;
  std::uint32_t keys = 6;        // in use at a time; each is replaced by a new one after some 30 transactions
  std::uint32_t operations = 4;  // a transaction has 1 to so many
  Probability reads{500'000};    // share of the operations; a transaction of reads alone is one query
  ListForm form = ListForm::kText;
  bool operator==(const ListAppendWorkload&) const = default;
};

// Everything that makes SQL hard to replicate: defaults, triggers, random(), foreign keys, statements that
// end the transaction they stand in, large rows, changes of the schema. Reads see rows that must agree with
// each other.
struct MixedSqlWorkload {
  Load load;
  std::uint32_t most_bytes = 20'000;  // of a row's body; most are small
  Probability reads{100'000};
  Probability breaking{200'000};  // share of the writes that must be undone as a whole
  Probability schema{100'000};    // share of the writes that change the schema too
  Probability endless{};  // share of the writes that end with a statement that takes more than one may, or a number that is not left
  Probability passing{};  // share of the writes that move a queue on, and say first what SQLite remembers of what ran before
  Probability upkeep{};   // share of the operations that are VACUUM or ANALYZE
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const MixedSqlWorkload&) const = default;
};

// Long reads of a table whose rows are always changed all together: each must see one moment.
struct SlowReadWorkload {
  Load load;
  std::uint32_t rows = 50;
  std::uint32_t steps = 20'000;  // of SQLite's loop that a read goes through before it looks
  Probability reads{500'000};
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const SlowReadWorkload&) const = default;
};

using Workload = std::variant<RegisterWorkload, VersionedWrites, Verify, BankWorkload, SetWorkload,
                              CounterWorkload, ListAppendWorkload, MixedSqlWorkload, SlowReadWorkload>;
std::string_view kind_of(const Workload& workload);    // as in the file: "bank"
const Load* load_of(const Workload& workload);         // nullptr of a Verify
std::uint32_t client_count(const Workload& workload);  // a Verify has one
Duration start_of(const Workload& workload);
Duration end_of(const Workload& workload);
nlohmann::ordered_json json_of(const Workload& workload);

}  // namespace lockstep::scenarios
