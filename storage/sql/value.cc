// Names of outcomes.
#include "storage/sql/value.h"

namespace lockstep::sql {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk: return "ok";
    case Outcome::kConstraint: return "constraint";
    case Outcome::kSqlError: return "sql error";
    case Outcome::kRefused: return "refused";
    case Outcome::kLimit: return "limit";
    case Outcome::kVersionConflict: return "version conflict";
  }
  return "unknown";
}

}  // namespace lockstep::sql
