// Where a failed CHECK ends: one line with the condition, place and state, then abort.
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace lockstep {

void check_failed(const char* condition, const char* file, int line, const std::string& state) {
  std::fprintf(stderr, "lockstep: bug: CHECK(%s) failed at %s:%d: %s\n", condition, file, line,
               state.c_str());
  std::abort();
}

}  // namespace lockstep
