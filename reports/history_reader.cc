// Reads histories: JSON lines or one top-level array, or EDN; each event checked as it comes.
#include "base/text.h"
#include "reports/edn_cursor.h"
#include "reports/history.h"
#include "reports/history_events.h"
#include "reports/json_cursor.h"

namespace lockstep::reports {

namespace {

constexpr std::size_t kMaxEventBytes = 4u << 20;

Status too_large(const TextCursor& cursor, std::size_t start) {
  if (cursor.offset() - start <= kMaxEventBytes) return {};
  return cursor.error_at(start, cat("expected an event of at most ", kMaxEventBytes, " bytes"),
                         ErrorCode::kTooLarge);
}

Status json_members(JsonCursor& cursor, EventBuilder& builder) {
  while (true) {
    cursor.skip_space();
    const std::size_t start = cursor.offset();
    LOCKSTEP_TRY(name, cursor.string());
    LOCKSTEP_TRY(field, builder.name(start, name));
    cursor.skip_space();
    if (!cursor.accept(':')) return cursor.expected(cat("':' after the name ", to_json(name)));
    cursor.skip_space();
    const std::size_t value_start = cursor.offset();
    LOCKSTEP_TRY(value, cursor.value());
    LOCKSTEP_TRY_STATUS(builder.add(field, value_start, std::move(value)));
    cursor.skip_space();
    if (cursor.accept('}')) return {};
    if (!cursor.accept(',')) return cursor.expected("',' or '}' after a member of the event");
  }
}

Status read_event(JsonCursor& cursor, Joiner& joiner) {
  const std::size_t start = cursor.offset();
  const std::size_t line = cursor.line();
  EventBuilder builder(cursor);
  if (!cursor.accept('{')) return cursor.expected("an event, that is an object");
  cursor.skip_space();
  if (!cursor.accept('}')) LOCKSTEP_TRY_STATUS(json_members(cursor, builder));
  LOCKSTEP_TRY_STATUS(too_large(cursor, start));
  LOCKSTEP_TRY(event, builder.finish(start));
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

// EDN as Jepsen writes it: one map an event, one after the other or in one vector or list.
Status read_edn_event(EdnCursor& cursor, Joiner& joiner) {
  const std::size_t start = cursor.offset();
  const std::size_t line = cursor.line();
  EventBuilder builder(cursor);
  if (!cursor.accept('{')) return cursor.expected("an event, that is a map");
  while (true) {
    LOCKSTEP_TRY_STATUS(cursor.skip());
    if (cursor.accept('}')) break;
    const std::size_t name_start = cursor.offset();
    LOCKSTEP_TRY(name, cursor.value());
    if (name.as_text() == nullptr)
      return cursor.error_at(name_start, cat("expected a keyword as a name, found ", to_json(name)));
    LOCKSTEP_TRY(field, builder.name(name_start, *name.as_text()));
    LOCKSTEP_TRY_STATUS(cursor.skip());
    const std::size_t value_start = cursor.offset();
    LOCKSTEP_TRY(value, cursor.value());
    LOCKSTEP_TRY_STATUS(builder.add(field, value_start, std::move(value)));
  }
  LOCKSTEP_TRY_STATUS(too_large(cursor, start));
  LOCKSTEP_TRY(event, builder.finish(start));
  return joiner.add(cursor, start, line, std::move(event));
}

Status read_edn(EdnCursor& cursor, Joiner& joiner) {
  LOCKSTEP_TRY_STATUS(cursor.skip());
  const char end = cursor.accept('[') ? ']' : cursor.accept('(') ? ')' : '\0';
  while (true) {
    LOCKSTEP_TRY_STATUS(cursor.skip());
    if (cursor.at_end() || (end != '\0' && cursor.peek() == end)) break;
    LOCKSTEP_TRY_STATUS(cursor.skip_tag());
    LOCKSTEP_TRY_STATUS(read_edn_event(cursor, joiner));
  }
  if (end == '\0') return {};
  if (!cursor.accept(end)) return cursor.expected("the end of the list of events");
  LOCKSTEP_TRY_STATUS(cursor.skip());
  return cursor.at_end() ? Status() : Status(cursor.expected("nothing after the list of events"));
}

// JSON unless the first event cannot be: {:key or a list, comment or tag of EDN.
bool is_edn(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n,", text.starts_with("\xef\xbb\xbf") ? 3 : 0);
  if (start == text.npos) return false;
  if (text[start] == '(' || text[start] == ';' || text[start] == '#') return true;
  if (text[start] != '{' && text[start] != '[') return false;
  const std::size_t next = text.find_first_not_of(" \t\r\n,[{", start);
  return next != text.npos && (text[next] == ':' || text[next] == ';' || text[next] == '#');
}

}  // namespace

Result<History> parse_history(std::string_view file, std::string_view text) {
  Joiner joiner;
  if (is_edn(text)) {
    EdnCursor cursor(file, text);
    cursor.skip_byte_order_mark();
    LOCKSTEP_TRY_STATUS(read_edn(cursor, joiner));
    return joiner.take();
  }
  JsonCursor cursor(file, text);
  cursor.skip_byte_order_mark();
  cursor.skip_space();
  LOCKSTEP_TRY_STATUS(cursor.peek() == '[' ? read_array(cursor, joiner) : read_lines(cursor, joiner));
  return joiner.take();
}

}  // namespace lockstep::reports
