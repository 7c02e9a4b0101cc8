// Sorts errno into the closed set of error codes.
#include "net/system_error.h"

#include <cerrno>
#include <system_error>

#include "base/text.h"

namespace lockstep::net {
namespace {

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT: return ErrorCode::kNotFound;
    case EEXIST: return ErrorCode::kExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ErrorCode::kNoSpace;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::kRefused;
    case EADDRINUSE: return ErrorCode::kConflict;
    case EMFILE:
    case ENFILE: return ErrorCode::kUnavailable;
    default: return ErrorCode::kIo;
  }
}

}  // namespace

std::unexpected<Error> system_failure(std::string_view verb, std::string_view object) {
  const int number = errno;
  return fail(code_of(number),
              cat("cannot ", verb, " ", object, ": ", std::generic_category().message(number)));
}

}  // namespace lockstep::net
