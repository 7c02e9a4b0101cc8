// SQLite's view of the world: files on the disk port, the clock of an entry, and seeded randomness.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "storage/sql/lane.h"

namespace lockstep::sql {

// One VFS object per connection, because SQLite asks a VFS, not a connection, for the time.
class LaneVfs {
 public:
  explicit LaneVfs(Lane& lane);
  ~LaneVfs() { sqlite3_vfs_unregister(&vfs_); }
  LaneVfs(const LaneVfs&) = delete;
  LaneVfs& operator=(const LaneVfs&) = delete;
  const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
  sqlite3_vfs vfs_;
};

// Makes a VFS of ours the default, which seeds SQLite's random generator and opens nothing, and unregisters
// all others.
void install_default_vfs();
// The generator starts again from this seed.
void seed_randomness(std::uint64_t seed);

}  // namespace lockstep::sql
