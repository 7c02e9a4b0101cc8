// Histories: their text forms, and the checkers on whatever transactions a text can make.
#include "base/check.h"
#include "reports/edn_cursor.h"
#include "reports/history.h"
#include "reports/tallies.h"
#include "reports/transactions/check.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {

void history(BytesView input) {
  const auto read = reports::parse_history("input", input);
  if (!read) {
    CHECK(!read.error().message.empty(), "no sentence");
    return;
  }
  // What was understood is understood the same again.
  const std::string text = reports::to_json_lines(*read);
  const auto again = reports::parse_history("again", text);
  CHECK(again && reports::to_json_lines(*again) == text, again ? "another history" : again.error().message);
}

void edn(BytesView input) {
  reports::EdnCursor cursor("input", input);
  while (cursor.skip() && !cursor.at_end()) {
    const std::size_t before = cursor.offset();
    const auto value = cursor.value();
    if (!value) {
      CHECK(!value.error().message.empty(), "no sentence");
      return;
    }
    CHECK(cursor.offset() > before, "nothing was read");
  }
}

void transactions(BytesView input) {
  const auto read = reports::parse_history("input", input);
  if (!read || read->size() > 60) return;
  for (const char* name : {"strict-serializable", "strong-session-snapshot-isolation", "causal", "prefix"}) {
    const auto model = transactions::parse_model(name, {});
    const auto findings = transactions::check(*read, *model);
    if (!findings) break;
    const auto verdict = transactions::verdict(*model, *findings);
    CHECK((verdict.outcome == reports::Outcome::kViolated) <= !verdict.evidence.empty(),
          "violated without a reason");
  }
  for (const char* name : {"bank", "counter", "set", "long-fork", "monotonic"})
    (void)reports::check_tally(*read, *reports::parse_tally(name, {}));
}

}  // namespace lockstep::fuzz
