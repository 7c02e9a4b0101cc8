// How a node waits for a disk that has failed: people are told once, and when to look again is said here.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace lockstep::cli {

inline constexpr Duration kPauseBetweenLives = std::chrono::seconds(2);

// A failure of the disk: it may be well again later (space is made, a device comes back). Damage stays
// damage.
inline bool is_of_the_disk(ErrorCode code) {
  return code == ErrorCode::kIo || code == ErrorCode::kNoSpace || code == ErrorCode::kPoisoned;
}

// What to do about a start that failed: nobody waits for room on its behalf, as one that runs would.
inline Error at_start(Error trouble) {
  if (trouble.code == ErrorCode::kNoSpace)
    append_text(trouble.message,
                "; make room for its data, 1 MiB at least, and start it again: what is there is as it was");
  return trouble;
}

// Of one process, over all its lives.
class DiskWait {
 public:
  explicit DiskWait(spdlog::logger& log) : log_(log) {}
  // Says so once, as long as the trouble is the same.
  void tell(const Error& trouble) {
    if (std::exchange(told_, trouble.message) == trouble.message) return;
    log_.warn(cat("nobody is served until the disk ",
                  trouble.code == ErrorCode::kNoSpace ? "has room" : "is well again",
                  ", which is tried every ", to_string(kPauseBetweenLives), ": ", trouble.message,
                  "; what was acknowledged is safe"));
  }

 private:
  spdlog::logger& log_;
  std::string told_;
};

}  // namespace lockstep::cli
