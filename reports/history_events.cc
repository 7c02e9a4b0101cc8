// What members must look like, and which events may follow each other.
#include "reports/history_events.h"

#include "base/text.h"

namespace lockstep::reports {

namespace {

std::string shortened(const Value& value) {
  std::string text = to_json(value);
  return text.size() <= 60 ? text : text.substr(0, 60) + "...";
}

}  // namespace

Result<EventBuilder::Field> EventBuilder::name(std::size_t start, std::string_view name) {
  static constexpr std::string_view kNames[] = {"index", "time",  "process", "type",     "f",
                                                "key",   "value", "error",   "log_index"};
  unsigned field = 0;
  while (field < kOther && name != kNames[field]) ++field;
  const auto found = static_cast<Field>(field);
  if (found != kOther && has(found)) {
    return cursor_.error_at(start, cat("expected ", to_json(std::string(name)), " once, found it twice"));
  }
  fields_ |= 1u << field;
  return found;
}

Status EventBuilder::add(Field field, std::size_t start, Value value) {
  switch (field) {
    case kIndex: return number(start, value, "\"index\" to be an integer that is not negative", event_.index);
    case kTime:
      return number(start, value, "\"time\" to be nanoseconds that are not negative", event_.time_ns);
    case kProcess: return process(start, value);
    case kType: return type(start, value);
    case kF: {
      const std::string* text = value.as_text();
      if (text == nullptr)
        return cursor_.error_at(start, cat("expected \"f\" to be a string, found ", to_json(value)));
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
    case kLogIndex:
      return number(start, value, "\"log_index\" to be an integer that is not negative", event_.log_index);
    case kOther: return {};
  }
  return {};
}

Result<Event> EventBuilder::finish(std::size_t start) {
  if (!has(kType)) return cursor_.error_at(start, "expected the event to have \"type\"");
  if (!has(kF) && event_.value.as_array() == nullptr)
    return cursor_.error_at(start, "expected the event to have \"f\"");
  if (!has(kF)) event_.f = "txn";
  return std::move(event_);
}

Status EventBuilder::number(std::size_t start, const Value& value, std::string_view what, std::int64_t& out) {
  const std::int64_t* number = value.as_integer();
  if (value.is_null()) return {};
  if (number == nullptr || *number < 0) {
    return cursor_.error_at(start, cat("expected ", what, ", found ", shortened(value)));
  }
  out = *number;
  return {};
}

Status EventBuilder::process(std::size_t start, const Value& value) {
  if (const std::int64_t* number = value.as_integer()) {
    event_.process = *number;
    return {};
  }
  event_.process.reset();  // a name: not a client
  if (value.as_text() != nullptr) return {};
  return cursor_.error_at(start,
                          cat("expected \"process\" to be an integer or a name, found ", shortened(value)));
}

Status EventBuilder::type(std::size_t start, const Value& value) {
  static constexpr std::string_view kNames[] = {"invoke", "ok", "fail", "info"};
  for (int type = 0; type < 4; ++type) {
    if (const std::string* text = value.as_text(); text != nullptr && *text == kNames[type]) {
      event_.type = static_cast<Event::Type>(type);
      return {};
    }
  }
  return cursor_.error_at(
      start, cat("expected \"type\" to be one of invoke, ok, fail, info, found ", shortened(value)));
}

Status Joiner::add(const TextCursor& cursor, std::size_t start, std::size_t line, Event event) {
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

Status Joiner::may_invoke(const TextCursor& cursor, std::size_t start, const Session& session,
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

Status Joiner::may_complete(const TextCursor& cursor, std::size_t start, const Session& session,
                            const Event& event) const {
  if (!session.open) {
    return cursor.error_at(
        start, cat("expected an invocation of process ", *event.process, " before this completion"));
  }
  const Operation& operation = history_[session.operation];
  if (operation.f != event.f || (!event.key.is_null() && event.key != operation.key)) {
    return cursor.error_at(
        start, cat("expected the completion of ", operation.f, " ", to_json(operation.key), " of line ",
                   session.line, ", found ", event.f, " ", to_json(event.key)));
  }
  return {};
}

void Joiner::complete(Session& session, Event event) {
  const Completion completion = event.type == Event::Type::kOk     ? Completion::kOk
                                : event.type == Event::Type::kFail ? Completion::kFail
                                                                   : Completion::kInfo;
  session.ended = completion == Completion::kInfo;
  history_.complete(session.operation, completion, std::move(event.value), event.time_ns,
                    std::move(event.error));
  if (event.log_index >= 0) history_.set_log_index(session.operation, event.log_index);
}

}  // namespace lockstep::reports
