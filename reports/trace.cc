// A scanner for the one shape that trace lines have: a trace has hundreds of thousands of them.
#include "reports/trace.h"

#include <charconv>

#include "base/text.h"
#include "reports/json_cursor.h"

namespace lockstep::reports {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view line) : line_(line) {}

  Result<TraceEvent> event() {
    TraceEvent event;
    if (!accept("{")) return expected("an event, that is an object");
    LOCKSTEP_TRY_STATUS(number("order", event.order));
    std::uint64_t time = 0;
    LOCKSTEP_TRY_STATUS(number("time", time));
    if (time > static_cast<std::uint64_t>(INT64_MAX)) return expected("a time in nanoseconds");
    event.time_ns = static_cast<std::int64_t>(time);
    LOCKSTEP_TRY_STATUS(string("node", event.node));
    LOCKSTEP_TRY_STATUS(number("incarnation", event.incarnation));
    LOCKSTEP_TRY_STATUS(string("event", event.kind));
    while (!accept("}")) LOCKSTEP_TRY_STATUS(further(event));
    if (at_ != line_.size()) return expected("nothing after the event");
    return event;
  }

 private:
  bool accept(std::string_view text) {
    if (!line_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  std::unexpected<Error> expected(std::string_view what) const {
    if (at_ == line_.size())
      return fail(ErrorCode::kInvalidArgument,
                  cat(at_ + 1, ": expected ", what, ", found the end of the line"));
    return fail(ErrorCode::kInvalidArgument,
                cat(at_ + 1, ": expected ", what, ", found ", to_json(std::string(line_.substr(at_, 12)))));
  }

  // The name and the colon; a comma comes before every member but the first.
  Status name(std::string_view wanted) {
    const bool first = at_ == 1;
    const std::size_t begin = at_;
    if ((first || accept(",")) && accept("\"") && accept(wanted) && accept("\":")) return {};
    at_ = begin;
    return expected(cat("the member \"", wanted, "\""));
  }

  Status value(std::uint64_t& out) {
    const char* const begin = line_.data() + at_;
    const auto [rest, error] = std::from_chars(begin, line_.data() + line_.size(), out);
    if (error != std::errc()) return expected("a whole number of 64 bits");
    at_ += static_cast<std::size_t>(rest - begin);
    return {};
  }
  Status value(std::string& out) {
    const std::string_view rest = line_.substr(at_);
    const std::size_t plain = rest.find_first_of("\"\\", 1);
    if (rest.starts_with('"') && plain != rest.npos && rest[plain] == '"') {  // as almost all are
      out = rest.substr(1, plain - 1);
      at_ += plain + 1;
      return {};
    }
    JsonCursor cursor("", rest);
    auto text = cursor.string();
    if (!text) return expected("a text in quotes");
    out = std::move(*text);
    at_ += cursor.offset();
    return {};
  }

  Status number(std::string_view wanted, std::uint64_t& out) {
    LOCKSTEP_TRY_STATUS(name(wanted));
    return value(out);
  }
  Status string(std::string_view wanted, std::string& out) {
    LOCKSTEP_TRY_STATUS(name(wanted));
    return value(out);
  }

  Status further(TraceEvent& event) {
    if (!accept(",")) return expected("',' or '}'");
    std::string key;
    LOCKSTEP_TRY_STATUS(value(key));
    if (!accept(":")) return expected("':'");
    if (key == "text") return value(event.text);
    TraceField& field = event.fields.emplace_back(std::move(key), 0);
    return value(field.value);
  }

  std::string_view line_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::uint64_t> TraceEvent::field(std::string_view name) const {
  for (const TraceField& field : fields)
    if (field.name == name) return field.value;
  return std::nullopt;
}

Result<TraceEvent> parse_trace_event(std::string_view line) { return Scanner(line).event(); }

std::string describe(const TraceEvent& event) {
  std::string out =
      cat("event ", event.order, " at ", event.time_ns, " ns on ", event.node, ": ", event.kind);
  for (const TraceField& field : event.fields) out += cat(' ', field.name, '=', field.value);
  if (!event.text.empty()) out += cat(' ', to_json(event.text));
  return out;
}

std::unexpected<Error> TraceReader::refuse(std::string_view sentence) const {
  return fail(ErrorCode::kInvalidArgument, cat(file_, ":", lines_, ":", sentence));
}

Result<std::string_view> TraceReader::next_line() {
  if (!std::getline(in_, line_)) {
    if (in_.bad()) return fail(ErrorCode::kIo, cat(file_, ": cannot be read"));
    if (lines_ == 0) return fail(ErrorCode::kInvalidArgument, cat(file_, ": expected events, one a line, found none"));
    return fail(ErrorCode::kEnd, cat(file_, ": the end"));
  }
  ++lines_;
  if (in_.eof()) return refuse(" expected a line end after the last event: the file was cut off");
  return std::string_view(line_);
}

Result<TraceEvent> TraceReader::parsed(std::string_view line) const {
  auto event = parse_trace_event(line);
  if (!event) return refuse(event.error().message);
  return event;
}

Result<TraceEvent> TraceReader::next() {
  LOCKSTEP_TRY(line, next_line());
  auto event = parsed(line);
  if (!event) return event;
  if (event->time_ns < time_ns_)
    return refuse(cat(" expected a time of at least ", time_ns_, ", found ", event->time_ns));
  if (event->order < next_order_)
    return refuse(cat(" expected an order of at least ", next_order_, ", found ", event->order));
  time_ns_ = event->time_ns;
  next_order_ = event->order + 1;
  return event;
}

}  // namespace lockstep::reports
