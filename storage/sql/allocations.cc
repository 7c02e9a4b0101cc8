// Whose call SQLite is executing is one pointer of the thread: all lanes of a simulated world share one
// thread, and set it again after they were suspended.
#include "storage/sql/allocations.h"

#include <sqlite3.h>

#include "base/check.h"
#include "storage/sql/lane.h"

namespace lockstep::sql {
namespace {

thread_local Lane* working = nullptr;
sqlite3_mem_methods usual{};

// A refusal on command is this node's failure, like one of its disk, whatever SQLite makes of it.
bool is_granted(int bytes) {
  if (working == nullptr) return true;
  if (!working->memory.grant(bytes)) return false;
  if (working->allocations == nullptr || working->allocations->grant()) return true;
  if (!working->fault) working->fault = Error{ErrorCode::kNoSpace, "SQLite was refused memory"};
  return false;
}

void count(std::int64_t bytes) {
  if (working != nullptr) working->memory.changed(bytes);
}

void* allocate(int bytes) {
  void* const block = is_granted(bytes) ? usual.xMalloc(bytes) : nullptr;
  if (block != nullptr) count(usual.xSize(block));
  return block;
}

void* reallocate(void* block, int bytes) {
  const int before = usual.xSize(block);
  if (!is_granted(bytes > before ? bytes - before : 0)) return nullptr;
  void* const moved = usual.xRealloc(block, bytes);
  if (moved != nullptr) count(usual.xSize(moved) - before);
  return moved;
}

void release(void* block) {
  count(-usual.xSize(block));
  usual.xFree(block);
}

}  // namespace

AllocatesFor::AllocatesFor(Lane& lane) : lane_(lane) { again(lane); }

AllocatesFor::~AllocatesFor() {
  if (working == &lane_) working = nullptr;
}

Lane* AllocatesFor::current() { return working; }

void AllocatesFor::again(Lane& lane) { working = &lane; }

void install_counting_allocator() {
  CHECK(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) == SQLITE_OK);
  sqlite3_mem_methods counting = usual;
  counting.xMalloc = allocate;
  counting.xRealloc = reallocate;
  counting.xFree = release;
  CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &counting) == SQLITE_OK);
}

}  // namespace lockstep::sql
