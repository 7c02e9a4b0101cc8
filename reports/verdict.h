// What a check or a run concluded, as data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::reports {

enum class Outcome : std::uint8_t {
  kHolds,
  kViolated,
  kUnknown,  // a limit was reached, or the evidence has a gap
  kVacuous,  // of a run: nothing was violated, but the run did not do what it was made for
};
std::string_view to_string(Outcome outcome);
// The outcome of two checks together: violated before vacuous before unknown before holds.
Outcome worst(Outcome a, Outcome b);

struct Measure {
  std::string unit;  // "operations", "keys", "events"
  std::uint64_t count = 0;
};

// One row of the table of verdicts.
struct Verdict {
  std::string name;     // stable, kebab-case: "linearizability"
  std::string promise;  // what holds if it holds, in one sentence
  Outcome outcome = Outcome::kHolds;
  std::vector<Measure> checked;
  std::vector<std::string> evidence;  // lines; empty if it holds
  std::vector<std::string> excused{};  // lines: of whom what was not asked, and why; a row that holds may have some
  // Of a check of transactions: the anomalies that occur, and the weakest consistency models that they rule out.
  std::vector<std::string> anomalies{};
  std::vector<std::string> ruled_out{};
};

}  // namespace lockstep::reports
