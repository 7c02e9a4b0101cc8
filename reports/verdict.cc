// Names and order of outcomes.
#include "reports/verdict.h"

#include <algorithm>

namespace lockstep::reports {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kHolds: return "holds";
    case Outcome::kViolated: return "violated";
    case Outcome::kUnknown: return "unknown";
    case Outcome::kVacuous: return "vacuous";
  }
  return "no outcome";
}

namespace {

int severity(Outcome outcome) {
  switch (outcome) {
    case Outcome::kHolds: return 0;
    case Outcome::kUnknown: return 1;
    case Outcome::kVacuous: return 2;
    case Outcome::kViolated: return 3;
  }
  return 3;
}

}  // namespace

Outcome worst(Outcome a, Outcome b) { return severity(a) >= severity(b) ? a : b; }

}  // namespace lockstep::reports
