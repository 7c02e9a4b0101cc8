// Gives back to the system what large requests have left free.
#pragma once

#include <cstddef>

namespace lockstep::cli {

// The C library keeps what is freed for the next request of that size, which may be long in coming.
class SpareMemory {
 public:
  // Large blocks are taken from the system one by one, and returned when they are freed.
  SpareMemory();
  // Now and then: returns the rest, if much has become free since the last time.
  void give_back();

 private:
  std::size_t spare_bytes_ = 0;  // that have been returned and not used since, as far as was seen
};

}  // namespace lockstep::cli
