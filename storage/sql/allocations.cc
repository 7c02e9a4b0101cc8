// Whose call SQLite is executing is one pointer: only ever set where somebody counts, and that is in one
// thread.
#include "storage/sql/allocations.h"

#include <sqlite3.h>

#include "base/check.h"
#include "storage/sql/lane.h"

namespace lockstep::sql {
namespace {

Lane* allocating = nullptr;
sqlite3_mem_methods usual{};

// A refusal is this node's failure, like one of its disk, whatever SQLite makes of it.
bool is_granted() {
  if (allocating == nullptr || allocating->allocations->grant()) return true;
  if (!allocating->fault) allocating->fault = Error{ErrorCode::kNoSpace, "SQLite was refused memory"};
  return false;
}

void* allocate(int bytes) { return is_granted() ? usual.xMalloc(bytes) : nullptr; }
void* reallocate(void* block, int bytes) { return is_granted() ? usual.xRealloc(block, bytes) : nullptr; }

}  // namespace

AllocatesFor::AllocatesFor(Lane& lane) : lane_(lane) { again(lane); }

AllocatesFor::~AllocatesFor() {
  if (lane_.allocations != nullptr) allocating = nullptr;
}

bool AllocatesFor::now(const Lane& lane) { return allocating == &lane; }

void AllocatesFor::again(Lane& lane) {
  if (lane.allocations != nullptr) allocating = &lane;
}

void install_counting_allocator() {
  CHECK(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) == SQLITE_OK);
  sqlite3_mem_methods counting = usual;
  counting.xMalloc = allocate;
  counting.xRealloc = reallocate;
  CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &counting) == SQLITE_OK);
}

}  // namespace lockstep::sql
