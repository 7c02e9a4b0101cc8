// HTTP as any client may send it: its requests in any pieces, and the JSON in their bodies.
#include <optional>

#include "base/check.h"
#include "json/text.h"
#include "net/api/http_parser.h"
#include "net/api/json_requests.h"
#include "net/api/json_values.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

constexpr std::size_t kMostBytes = 4096;  // of a head, and of a body

// A value as JSON is the same value.
void judge(const wire::Statement& statement) {
  for (const wire::Value& value : statement.parameters()) {
    std::string text;
    api::JsonWriter json(text);
    api::write_value(json, value);
    const auto document = json::parse(text);
    CHECK(document, "no JSON: ", text);
    json::Problems problems;
    wire::Value again;
    api::read_value(json::Cursor(*document, problems), again);
    CHECK(problems.empty(), "not a value: ", text);
    CHECK(again.SerializeAsString() == value.SerializeAsString(), "another value: ", text);
  }
}

void judge(const api::HttpResponse& failure) {
  CHECK(failure.status >= 400, "a failure that is none: ", failure.status);
  CHECK(json::parse(failure.body), "no JSON: ", failure.body);
}

}  // namespace

void http_json(BytesView input) {
  for (const auto parse : {api::parse_execute, api::parse_query}) {
    const auto call = parse(input);
    if (!call) {
      CHECK(!call.error().message.empty(), "no sentence");
      continue;
    }
    if (call->request.has_query()) judge(call->request.query().statement());
    for (const wire::Statement& statement : call->request.write().write().statements()) judge(statement);
  }
}

// One request behind the other; each piece is as long as its first byte says. What the parser leaves behind
// comes again, with the next piece.
void http_stream(BytesView input) {
  std::optional<api::HttpParser> parser(std::in_place, kMostBytes, kMostBytes);
  std::string received;
  std::size_t at = 0;
  while (at < input.size()) {
    const std::size_t size = 1 + static_cast<unsigned char>(input[at]) * 3;
    received += input.substr(at, size);
    at += size;
    for (std::size_t taken = 1; taken != 0;) {
      taken = parser->put(received);
      CHECK(taken <= received.size(), "took more than there was");
      received.erase(0, taken);
      if (parser->failure()) return judge(*parser->failure());
      if (!parser->is_done()) continue;
      const api::HttpRequest request = parser->take();
      CHECK(request.body.size() <= kMostBytes, "a body of ", request.body.size(), " bytes");
      parser.emplace(kMostBytes, kMostBytes);
    }
    CHECK(parser->has_head() || received.size() <= kMostBytes, "a head of ", received.size(), " bytes");
  }
}

}  // namespace lockstep::fuzz
