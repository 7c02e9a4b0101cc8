// By the means of glibc.
#include "cli/spare_memory.h"

#include <malloc.h>

#include <algorithm>

namespace lockstep::cli {
namespace {

constexpr int kLargeBlock = 1 << 20;
constexpr std::size_t kMuch = std::size_t{64} << 20;

}  // namespace

SpareMemory::SpareMemory() { mallopt(M_MMAP_THRESHOLD, kLargeBlock); }

void SpareMemory::give_back() {
  const std::size_t spare_bytes = mallinfo2().fordblks;
  spare_bytes_ = std::min(spare_bytes_, spare_bytes);  // some of it is in use again
  if (spare_bytes < spare_bytes_ + kMuch) return;
  malloc_trim(0);
  spare_bytes_ = mallinfo2().fordblks;
}

}  // namespace lockstep::cli
