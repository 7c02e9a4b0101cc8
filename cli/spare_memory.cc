// By the means of glibc.
#include "cli/spare_memory.h"

#include <malloc.h>

namespace lockstep::cli {
namespace {

constexpr int kLargeBlock = 1 << 20;
constexpr std::size_t kMuch = std::size_t{64} << 20;

}  // namespace

SpareMemory::SpareMemory() { mallopt(M_MMAP_THRESHOLD, kLargeBlock); }

void SpareMemory::give_back() {
  if (mallinfo2().fordblks < spare_bytes_ + kMuch) return;
  malloc_trim(0);
  spare_bytes_ = mallinfo2().fordblks;
}

}  // namespace lockstep::cli
