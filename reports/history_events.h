// Events of a history as any text form gives them: members read, events joined to operations.
#pragma once

#include <map>
#include <optional>

#include "reports/history.h"
#include "reports/text_cursor.h"

namespace lockstep::reports {

// One event before it is joined to its operation; strings that decide its place in a closed set are kept as
// enums.
struct Event {
  enum class Type { kInvoke, kOk, kFail, kInfo };
  static constexpr std::int64_t kUnnamed = -1;  // the process of events that name none

  std::optional<std::int64_t> process = kUnnamed;  // none: nemesis or another process that is not a client
  std::optional<Type> type;
  std::string f;
  Value key;
  Value value;
  std::string error;
  std::int64_t index = -1;
  std::int64_t time_ns = -1;
  std::int64_t log_index = -1;
};

// Takes the members of one event, each with the place where its text begins.
class EventBuilder {
 public:
  enum Field : unsigned { kIndex, kTime, kProcess, kType, kF, kKey, kValue, kError, kLogIndex, kOther };

  explicit EventBuilder(const TextCursor& cursor) : cursor_(cursor) {}

  // What the next member is; a name that was there before is refused.
  Result<Field> name(std::size_t start, std::string_view name);
  Status add(Field field, std::size_t start, Value value);
  // The event began at `start`.
  Result<Event> finish(std::size_t start);

 private:
  Status number(std::size_t start, const Value& value, std::string_view what, std::int64_t& out);
  Status process(std::size_t start, const Value& value);
  Status type(std::size_t start, const Value& value);
  bool has(Field field) const { return (fields_ >> field) & 1; }

  const TextCursor& cursor_;
  Event event_;
  std::uint32_t fields_ = 0;  // bit per Field that was present
};

// Joins events to operations and refuses what no well-formed history contains.
class Joiner {
 public:
  // The event began at `start`, in this line.
  Status add(const TextCursor& cursor, std::size_t start, std::size_t line, Event event);
  History take() { return std::move(history_); }

 private:
  struct Session {
    bool open = false;
    bool ended = false;  // by an info
    std::size_t operation = 0;
    std::size_t line = 0;
  };
  static Status may_invoke(const TextCursor& cursor, std::size_t start, const Session& session,
                           const Event& event);
  Status may_complete(const TextCursor& cursor, std::size_t start, const Session& session,
                      const Event& event) const;
  void complete(Session& session, Event event);

  History history_;
  std::map<std::int64_t, Session> sessions_;
};

}  // namespace lockstep::reports
