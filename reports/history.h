// What clients asked and were told: operations with the order of their invocations and returns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "reports/value.h"

namespace lockstep::reports {

enum class Completion : std::uint8_t {
  kOk,    // it happened between invocation and return
  kFail,  // it certainly did not happen
  kInfo,  // nobody knows: it may happen at any time after its invocation, or never
};
std::string_view to_string(Completion completion);

// When an event happened. Only `position` decides anything: real-time order is the order of the events.
struct Moment {
  static constexpr std::uint64_t kNever = ~0ull;

  std::uint64_t position = kNever;  // how many events of the history came before it
  std::uint64_t index = kNever;     // what the file calls it; the position where the file says nothing
  std::int64_t time_ns = -1;        // a label; -1: unknown
};

struct Operation {
  std::int64_t process = 0;
  std::string f;    // what was asked: read, write, cas, get, put, append, txn
  Value key;        // null: the history has one object only
  Value argument;   // the value of the invocation
  Value result;     // the value of the completion; null if there was none
  std::string error;  // why it failed, e.g. "cas-mismatch"
  Completion completion = Completion::kInfo;
  Moment invoked;
  Moment returned;  // never, for an operation that was still open at the end
  std::int64_t log_index = -1;  // where the database's log has it, if the client was told; -1: unknown
};

// Operations in the order of their invocations. A process has one open operation at a time, and none after an info.
class History {
 public:
  // Each call appends one event; `time_ns` must not be smaller than that of the event before, if known.
  std::size_t invoke(std::int64_t process, std::string f, Value key, Value argument, std::int64_t time_ns = -1);
  void complete(std::size_t operation, Completion completion, Value result, std::int64_t time_ns = -1,
                std::string error = {});
  // Where the database's log has this operation: a version order that nobody needs to infer.
  void set_log_index(std::size_t operation, std::int64_t log_index);
  // Numbers the last event as a file does.
  void label_last_event(std::size_t operation, std::uint64_t index);

  const std::vector<Operation>& operations() const { return operations_; }
  const Operation& operator[](std::size_t operation) const { return operations_[operation]; }
  std::size_t size() const { return operations_.size(); }
  std::uint64_t events() const { return events_; }

 private:
  std::vector<Operation> operations_;
  std::uint64_t events_ = 0;
};

// JSON or EDN, docs/format/history.md. `file` names the text in errors: "FILE:LINE:COLUMN: expected ..., found ...".
Result<History> parse_history(std::string_view file, std::string_view text);
// One JSON object a line, one line an event.
std::string to_json_lines(const History& history);

}  // namespace lockstep::reports
