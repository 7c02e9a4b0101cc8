// Reads histories: JSON lines or one top-level array, each event checked as it comes.
#include <map>

#include "base/text.h"
#include "reports/history.h"
#include "reports/json_cursor.h"

namespace lockstep::reports {

namespace {

constexpr std::size_t kMaxEventBytes = 4u << 20;

// One event before it is joined to its operation; strings that decide its place in a closed set are kept as enums.
struct Event {
  enum class Type { kInvoke, kOk, kFail, kInfo };

  std::optional<std::int64_t> process;  // none: nemesis or another process that is not a client
  std::optional<Type> type;
  std::string f;
  Value key;
  Value value;
  std::string error;
  std::int64_t index = -1;
  std::int64_t time_ns = -1;
  std::uint32_t fields = 0;  // bit per Field that was present
};

enum Field : unsigned { kIndex, kTime, kProcess, kType, kF, kKey, kValue, kError, kOther };

Field field_of(std::string_view name) {
  static constexpr std::string_view kNames[] = {"index", "time", "process", "type", "f", "key", "value", "error"};
  for (unsigned field = 0; field < kOther; ++field) {
    if (name == kNames[field]) return static_cast<Field>(field);
  }
  return kOther;
}

class EventReader {
 public:
  explicit EventReader(JsonCursor& cursor) : cursor_(cursor) {}

  Result<Event> read() {
    const std::size_t start = cursor_.offset();
    if (!cursor_.accept('{')) return cursor_.expected("an event, that is an object");
    cursor_.skip_space();
    if (!cursor_.accept('}')) LOCKSTEP_TRY_STATUS(members());
    if (cursor_.offset() - start > kMaxEventBytes) {
      return cursor_.error_at(start, cat("expected an event of at most ", kMaxEventBytes, " bytes"), ErrorCode::kTooLarge);
    }
    for (const Field field : {kProcess, kType, kF}) {
      static constexpr std::string_view kNames[] = {"", "", "\"process\"", "\"type\"", "\"f\""};
      if (!has(field)) return cursor_.error_at(start, cat("expected the event to have ", kNames[field]));
    }
    return std::move(event_);
  }

 private:
  bool has(Field field) const { return (event_.fields >> field) & 1; }

  Status members() {
    while (true) {
      cursor_.skip_space();
      const std::size_t start = cursor_.offset();
      LOCKSTEP_TRY(name, cursor_.string());
      const Field field = field_of(name);
      if (field != kOther && has(field)) {
        return cursor_.error_at(start, cat("expected ", to_json(name), " once, found it twice"));
      }
      event_.fields |= 1u << field;
      cursor_.skip_space();
      if (!cursor_.accept(':')) return cursor_.expected(cat("':' after the name ", to_json(name)));
      cursor_.skip_space();
      LOCKSTEP_TRY_STATUS(member(field));
      cursor_.skip_space();
      if (cursor_.accept('}')) return {};
      if (!cursor_.accept(',')) return cursor_.expected("',' or '}' after a member of the event");
    }
  }

  Status member(Field field) {
    const std::size_t start = cursor_.offset();
    LOCKSTEP_TRY(value, cursor_.value());
    switch (field) {
      case kIndex: return number(start, value, "\"index\" to be an integer that is not negative", event_.index);
      case kTime: return number(start, value, "\"time\" to be nanoseconds that are not negative", event_.time_ns);
      case kProcess: return process(start, value);
      case kType: return type(start, value);
      case kF: {
        const std::string* text = value.as_text();
        if (text == nullptr) return cursor_.error_at(start, cat("expected \"f\" to be a string, found ", to_json(value)));
        event_.f = *text;
        return {};
      }
      case kKey: event_.key = std::move(value); return {};
      case kValue: event_.value = std::move(value); return {};
      case kError: {
        const std::string* text = value.as_text();
        event_.error = text ? *text : value.is_null() ? std::string() : to_json(value);
        return {};
      }
      case kOther: return {};
    }
    return {};
  }

  Status number(std::size_t start, const Value& value, std::string_view what, std::int64_t& out) {
    const std::int64_t* number = value.as_integer();
    if (value.is_null()) return {};
    if (number == nullptr || *number < 0) {
      return cursor_.error_at(start, cat("expected ", what, ", found ", shortened(value)));
    }
    out = *number;
    return {};
  }

  Status process(std::size_t start, const Value& value) {
    if (const std::int64_t* number = value.as_integer()) {
      event_.process = *number;
      return {};
    }
    if (value.as_text() != nullptr) return {};
    return cursor_.error_at(start, cat("expected \"process\" to be an integer or a name, found ", shortened(value)));
  }

  Status type(std::size_t start, const Value& value) {
    static constexpr std::string_view kNames[] = {"invoke", "ok", "fail", "info"};
    for (int type = 0; type < 4; ++type) {
      if (const std::string* text = value.as_text(); text != nullptr && *text == kNames[type]) {
        event_.type = static_cast<Event::Type>(type);
        return {};
      }
    }
    return cursor_.error_at(start, cat("expected \"type\" to be one of invoke, ok, fail, info, found ", shortened(value)));
  }

  static std::string shortened(const Value& value) {
    std::string text = to_json(value);
    return text.size() <= 60 ? text : text.substr(0, 60) + "...";
  }

  JsonCursor& cursor_;
  Event event_;
};

// Joins events to operations and refuses what no well-formed history contains.
class Joiner {
 public:
  Status add(const JsonCursor& cursor, std::size_t start, std::size_t line, Event event) {
    if (!event.process) return {};
    Session& session = sessions_[*event.process];
    const std::int64_t index = event.index;
    if (event.type == Event::Type::kInvoke) {
      LOCKSTEP_TRY_STATUS(may_invoke(cursor, start, session, event));
      session.operation = history_.invoke(*event.process, std::move(event.f), std::move(event.key),
                                          std::move(event.value), event.time_ns);
    } else {
      LOCKSTEP_TRY_STATUS(may_complete(cursor, start, session, event));
      complete(session, std::move(event));
    }
    session.open = event.type == Event::Type::kInvoke;
    session.line = line;
    if (index >= 0) history_.label_last_event(session.operation, static_cast<std::uint64_t>(index));
    return {};
  }

  History take() { return std::move(history_); }

 private:
  struct Session {
    bool open = false;
    bool ended = false;  // by an info
    std::size_t operation = 0;
    std::size_t line = 0;
  };

  static Status may_invoke(const JsonCursor& cursor, std::size_t start, const Session& session,
                           const Event& event) {
    if (session.open) {
      return cursor.error_at(start, cat("expected a completion of process ", *event.process,
                                        ", whose invocation of line ", session.line, " is still open"));
    }
    if (session.ended) {
      return cursor.error_at(start, cat("expected nothing more of process ", *event.process,
                                        " after its info of line ", session.line));
    }
    return {};
  }

  Status may_complete(const JsonCursor& cursor, std::size_t start, const Session& session,
                      const Event& event) const {
    if (!session.open) {
      return cursor.error_at(start, cat("expected an invocation of process ", *event.process, " before this completion"));
    }
    const Operation& operation = history_[session.operation];
    if (operation.f != event.f || (!event.key.is_null() && event.key != operation.key)) {
      return cursor.error_at(start, cat("expected the completion of ", operation.f, " ", to_json(operation.key),
                                        " of line ", session.line, ", found ", event.f, " ", to_json(event.key)));
    }
    return {};
  }

  void complete(Session& session, Event event) {
    const Completion completion = event.type == Event::Type::kOk     ? Completion::kOk
                                  : event.type == Event::Type::kFail ? Completion::kFail
                                                                     : Completion::kInfo;
    session.ended = completion == Completion::kInfo;
    history_.complete(session.operation, completion, std::move(event.value), event.time_ns, std::move(event.error));
  }

  History history_;
  std::map<std::int64_t, Session> sessions_;
};

Status read_event(JsonCursor& cursor, Joiner& joiner) {
  const std::size_t start = cursor.offset();
  const std::size_t line = cursor.line();
  LOCKSTEP_TRY(event, EventReader(cursor).read());
  return joiner.add(cursor, start, line, std::move(event));
}

Status read_array(JsonCursor& cursor, Joiner& joiner) {
  cursor.accept('[');
  cursor.skip_space();
  if (!cursor.accept(']')) {
    while (true) {
      cursor.skip_space();
      LOCKSTEP_TRY_STATUS(read_event(cursor, joiner));
      cursor.skip_space();
      if (cursor.accept(']')) break;
      if (!cursor.accept(',')) return cursor.expected("',' or ']' after an event");
    }
  }
  cursor.skip_space();
  if (!cursor.at_end()) return cursor.expected("nothing after the array of events");
  return {};
}

Status read_lines(JsonCursor& cursor, Joiner& joiner) {
  while (!cursor.at_end()) {
    LOCKSTEP_TRY_STATUS(read_event(cursor, joiner));
    cursor.skip_space_in_line();
    if (!cursor.at_end() && cursor.peek() != '\n') return cursor.expected("one event a line");
    cursor.skip_space();
  }
  return {};
}

}  // namespace

Result<History> parse_history(std::string_view file, std::string_view text) {
  JsonCursor cursor(file, text);
  Joiner joiner;
  cursor.skip_byte_order_mark();
  cursor.skip_space();
  LOCKSTEP_TRY_STATUS(cursor.peek() == '[' ? read_array(cursor, joiner) : read_lines(cursor, joiner));
  return joiner.take();
}

}  // namespace lockstep::reports
