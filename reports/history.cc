// Building and writing histories.
#include "reports/history.h"

#include "base/check.h"
#include "base/text.h"

namespace lockstep::reports {

std::string_view to_string(Completion completion) {
  switch (completion) {
    case Completion::kOk: return "ok";
    case Completion::kFail: return "fail";
    case Completion::kInfo: return "info";
  }
  return "unknown completion";
}

std::size_t History::invoke(std::int64_t process, std::string f, Value key, Value argument,
                            std::int64_t time_ns) {
  Operation operation;
  operation.process = process;
  operation.f = std::move(f);
  operation.key = std::move(key);
  operation.argument = std::move(argument);
  operation.invoked = {.position = events_, .index = events_, .time_ns = time_ns};
  ++events_;
  operations_.push_back(std::move(operation));
  return operations_.size() - 1;
}

void History::complete(std::size_t operation, Completion completion, Value result, std::int64_t time_ns,
                       std::string error) {
  Operation& completed = operations_.at(operation);
  CHECK(completed.returned.position == Moment::kNever, "operation ", operation, " was completed before");
  completed.completion = completion;
  completed.result = std::move(result);
  completed.error = std::move(error);
  completed.returned = {.position = events_, .index = events_, .time_ns = time_ns};
  ++events_;
}

void History::set_log_index(std::size_t operation, std::int64_t log_index) {
  CHECK(log_index >= 0, "log index ", log_index);
  operations_.at(operation).log_index = log_index;
}

void History::label_last_event(std::size_t operation, std::uint64_t index) {
  Operation& labelled = operations_.at(operation);
  Moment& moment = labelled.returned.position == Moment::kNever ? labelled.invoked : labelled.returned;
  CHECK(moment.position + 1 == events_, "operation ", operation, " is not of the last event");
  moment.index = index;
}

namespace {

void append_event(std::string& out, const Operation& operation, const Moment& moment, std::string_view type,
                  const Value& value) {
  out.append(cat("{\"index\":", moment.index));
  if (moment.time_ns >= 0) out.append(cat(",\"time\":", moment.time_ns));
  out.append(cat(",\"process\":", operation.process, ",\"type\":\"", type, "\",\"f\":"));
  append_quoted(out, operation.f);
  if (!operation.key.is_null()) out.append(cat(",\"key\":", to_json(operation.key)));
  out.append(",\"value\":");
  append_text(out, value);
  if (type != "invoke" && operation.log_index >= 0) out.append(cat(",\"log_index\":", operation.log_index));
  if (type != "invoke" && !operation.error.empty()) {
    out.append(",\"error\":");
    append_quoted(out, operation.error);
  }
  out.append("}\n");
}

}  // namespace

std::string to_json_lines(const History& history) {
  struct Line {
    const Operation* operation = nullptr;
    bool is_return = false;
  };
  std::vector<Line> lines(history.events());
  for (const Operation& operation : history.operations()) {
    lines[operation.invoked.position] = {&operation, false};
    if (operation.returned.position != Moment::kNever) lines[operation.returned.position] = {&operation, true};
  }
  std::string out;
  for (const Line& line : lines) {
    const Operation& operation = *line.operation;
    if (line.is_return) {
      append_event(out, operation, operation.returned, to_string(operation.completion), operation.result);
    } else {
      append_event(out, operation, operation.invoked, "invoke", operation.argument);
    }
  }
  return out;
}

}  // namespace lockstep::reports
