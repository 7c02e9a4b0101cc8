// How a function says that the world refused: a value, or a closed error code with one sentence.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace lockstep {

// Failures of the world (a file, a peer, a user's input). Our own bugs end in CHECK; answers of the
// protocol (not leader, outcome unknown) are enums in replies and never pass through here.
enum class ErrorCode {
  kInvalidArgument,  // the caller's input is not well formed; the sentence says what was expected
  kNotFound,         // the named thing does not exist
  kExists,           // the named thing exists and must not
  kEnd,              // a clean end of the data; never used for damage
  kCorrupt,          // bytes that were durable once are not what was written
  kIo,               // the device failed the call
  kNoSpace,          // the device is full
  kPoisoned,         // an earlier sync of this file failed: crash and recover, never retry
  kGone,             // the process that issued the call is dead; unwind
  kTooLarge,         // a stated limit is exceeded
  kRefused,          // well formed, but not allowed; the sentence says why
  kConflict,         // a comparison (version, expected value) did not hold
  kUnavailable,      // cannot be answered now; trying again may help
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;  // what was expected, and where; a sentence without a final full stop

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace lockstep

// Unwraps a Result or returns its error: LOCKSTEP_TRY(file, disk.open(path)).
#define LOCKSTEP_JOIN_(a, b) a##b
#define LOCKSTEP_JOIN(a, b) LOCKSTEP_JOIN_(a, b)
#define LOCKSTEP_TRY_(result, name, expression)                          \
  auto result = (expression);                                            \
  if (!result) return std::unexpected(std::move(result).error());        \
  auto name = std::move(*result)
#define LOCKSTEP_TRY(name, expression) \
  LOCKSTEP_TRY_(LOCKSTEP_JOIN(result_of_line_, __LINE__), name, expression)

// The same for a Status.
#define LOCKSTEP_TRY_STATUS(expression)                                              \
  do {                                                                               \
    if (auto status = (expression); !status)                                         \
      return std::unexpected(std::move(status).error());                             \
  } while (false)
