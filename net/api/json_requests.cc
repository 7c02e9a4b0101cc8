// Every member of a request is known, or it is refused: a mistyped "sesion" must not make a write
// sessionless.
#include "net/api/json_requests.h"

#include <charconv>
#include <initializer_list>
#include <limits>
#include <vector>

#include "base/join.h"
#include "json/cursor.h"
#include "json/text.h"
#include "net/api/json_values.h"
#include "net/api/serving.h"

namespace lockstep::api {
namespace {

using json::Cursor;
using json::Kind;

constexpr std::uint64_t kMostTimeoutMs = 600'000;

std::string all_of(const json::Problems& problems) {
  std::string text;
  for (const json::Problem& problem : json::in_order(problems)) {
    if (!text.empty()) text += "; ";
    text += json::to_text(problem, "body");
  }
  return text;
}

bool is_object_of(const Cursor& at, const std::vector<std::string_view>& known) {
  if (!at.node().is(Kind::kObject)) {
    at.refuse("an object");
    return false;
  }
  for (const json::Member& member : at.node().members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    at.member(member.key)
        ->refuse(cat("one of the members ", joined(known)), json::suggestion(member.key, known));
  }
  return true;
}

void read_text(const Cursor& object, std::string_view key, std::string& out) {
  const auto at = object.member(key);
  if (!at) return object.refuse(cat("an object with \"", key, "\""));
  if (!at->node().is(Kind::kString)) return at->refuse("a string");
  out = at->text();
}

void read_count(const Cursor& at, std::uint64_t& out, std::uint64_t least = 0,
                std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
  std::uint64_t number = 0;
  const std::string_view text = at.text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = at.node().is(Kind::kNumber) && error == std::errc() && end == text.data() + text.size();
  if (!whole || number < least || number > most)
    return at.refuse(cat("an integer from ", least, " to ", most));
  out = number;
}

void read_milliseconds(const Cursor& object, std::string_view key, Duration& out) {
  const auto at = object.member(key);
  if (!at) return;
  std::uint64_t milliseconds = 0;
  read_count(*at, milliseconds, 0, kMostTimeoutMs);
  out = std::chrono::milliseconds(milliseconds);
}

void read_parameters(const Cursor& object, wire::Statement& out) {
  const auto at = object.member("parameters");
  if (!at) return;
  if (!at->node().is(Kind::kArray)) return at->refuse("an array of values");
  for (const Cursor& value : at->items()) read_value(value, *out.add_parameters());
}

void read_statement(const Cursor& at, wire::Statement& out) {
  if (at.node().is(Kind::kString)) return out.set_sql(std::string(at.text()));
  if (!is_object_of(at, {"sql", "parameters"})) return;
  read_text(at, "sql", *out.mutable_sql());
  read_parameters(at, out);
}

void read_statements(const Cursor& object, wire::Write& out) {
  const auto list = object.member("statements");
  if (list.has_value() == object.has("sql")) {
    return object.refuse("an object with either \"statements\" or \"sql\"");
  }
  if (!list) {
    wire::Statement& only = *out.add_statements();
    read_text(object, "sql", *only.mutable_sql());
    return read_parameters(object, only);
  }
  if (object.has("parameters")) object.member("parameters")->refuse("\"parameters\" inside each statement");
  if (!list->node().is(Kind::kArray) || list->node().items.empty()) {
    return list->refuse("an array of at least one statement");
  }
  for (const Cursor& statement : list->items()) read_statement(statement, *out.add_statements());
}

void read_session(const Cursor& object, wire::Write& out) {
  std::uint64_t session = 0;
  std::uint64_t sequence = 0;
  if (const auto at = object.member("session")) read_count(*at, session, 1);
  if (const auto at = object.member("sequence")) read_count(*at, sequence, 1);
  if (object.has("session") != object.has("sequence")) {
    object.refuse("\"session\" and \"sequence\" together, or neither");
  }
  std::uint64_t first_incomplete = sequence;
  if (const auto at = object.member("first_incomplete")) read_count(*at, first_incomplete, 1);
  out.set_session(session);
  out.set_sequence(sequence);
  out.set_first_incomplete(first_incomplete);
}

void read_expected(const Cursor& object, wire::Write& out) {
  const auto at = object.member("expected");
  if (!at) return;
  if (!at->node().is(Kind::kObject)) return at->refuse("an object of tables with their versions");
  for (const json::Member& member : at->node().members) {
    std::uint64_t version = 0;
    read_count(*at->member(member.key), version);
    wire::TableVersion& expected = *out.add_expected();
    expected.set_table(member.key);
    expected.set_version(version);
  }
}

template <class Choice>
void read_choice(const Cursor& object, std::string_view key,
                 std::initializer_list<std::pair<std::string_view, Choice>> choices, Choice& out) {
  const auto at = object.member(key);
  if (!at) return;
  std::string names;
  for (const auto& [name, choice] : choices) {
    if (at->node().is(Kind::kString) && at->text() == name) {
      out = choice;
      return;
    }
    names += cat(names.empty() ? "\"" : " or \"", name, "\"");
  }
  at->refuse(names);
}

// Reads the text with `read`, unless it is no JSON or no object of these members.
Result<JsonCall> parse_object(std::string_view body, const std::vector<std::string_view>& known,
                              void (*read)(const Cursor& object, JsonCall& out)) {
  auto document = json::parse(body);
  if (!document) return fail(ErrorCode::kInvalidArgument, all_of(document.error()));
  json::Problems problems;
  const Cursor object(*document, problems);
  JsonCall call;
  if (is_object_of(object, known)) read(object, call);
  if (!problems.empty()) return fail(ErrorCode::kInvalidArgument, all_of(problems));
  return call;
}

void read_execute(const Cursor& object, JsonCall& out) {
  wire::WriteRequest& request = *out.request.mutable_write();
  read_statements(object, *request.mutable_write());
  read_session(object, *request.mutable_write());
  read_expected(object, *request.mutable_write());
  wire::WriteMode mode = wire::DEFAULT_MODE;
  read_choice<wire::WriteMode>(
      object, "mode", {{"default", wire::DEFAULT_MODE}, {"quorum", wire::QUORUM}, {"strong", wire::STRONG}},
      mode);
  request.set_mode(mode);
  if (const auto at = object.member("pause_before_commit_ms")) {
    std::uint64_t milliseconds = 0;  // the node has a limit of its own
    read_count(*at, milliseconds, 0, std::numeric_limits<std::uint32_t>::max());
    request.set_pause_before_commit_ms(static_cast<std::uint32_t>(milliseconds));
  }
  out.timeout = patience_with(out.request, out.timeout);
  read_milliseconds(object, "timeout_ms", out.timeout);
}

void read_query(const Cursor& object, JsonCall& out) {
  wire::QueryRequest& request = *out.request.mutable_query();
  read_text(object, "sql", *request.mutable_statement()->mutable_sql());
  read_parameters(object, *request.mutable_statement());
  wire::ReadLevel level = wire::LINEARIZABLE;
  read_choice<wire::ReadLevel>(object, "level",
                               {{"linearizable", wire::LINEARIZABLE}, {"local", wire::LOCAL}}, level);
  request.set_level(level);
  read_milliseconds(object, "timeout_ms", out.timeout);
  if (object.has("max_staleness_ms")) {
    if (level != wire::LOCAL) object.member("max_staleness_ms")->refuse("\"level\": \"local\" beside it");
    read_milliseconds(object, "max_staleness_ms", out.max_staleness.emplace());
  }
}

}  // namespace

Result<JsonCall> parse_execute(std::string_view body) {
  return parse_object(body,
                      {"statements", "sql", "parameters", "mode", "pause_before_commit_ms", "session",
                       "sequence", "first_incomplete", "expected", "timeout_ms"},
                      read_execute);
}

Result<JsonCall> parse_query(std::string_view body) {
  return parse_object(body, {"sql", "parameters", "level", "max_staleness_ms", "timeout_ms"}, read_query);
}

}  // namespace lockstep::api
