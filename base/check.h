// Assertions that stay on: a failed CHECK is a bug of ours, prints its state and aborts.
#pragma once

#include <string>
#include <string_view>

#include "base/text.h"

namespace lockstep {

[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               const std::string& state);

}  // namespace lockstep

// CHECK(commit <= last, "commit ", commit.value(), " last ", last.value());
#define CHECK(condition, ...)                                                             \
  do {                                                                                    \
    if (!(condition)) [[unlikely]]                                                        \
      ::lockstep::check_failed(#condition, __FILE__, __LINE__,                            \
                               ::lockstep::cat("" __VA_OPT__(, ) __VA_ARGS__));           \
  } while (false)
