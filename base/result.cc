// Names of the error codes, as they appear in messages and JSON.
#include "base/result.h"

namespace lockstep {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kNotFound: return "not found";
    case ErrorCode::kExists: return "exists";
    case ErrorCode::kEnd: return "end";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kIo: return "i/o error";
    case ErrorCode::kNoSpace: return "no space";
    case ErrorCode::kPoisoned: return "poisoned by a failed sync";
    case ErrorCode::kGone: return "process gone";
    case ErrorCode::kTooLarge: return "too large";
    case ErrorCode::kRefused: return "refused";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kUnavailable: return "unavailable";
  }
  return "unknown error code";
}

}  // namespace lockstep
