// What the files of a database hold at least, kept in a small file beside them, so that less is noticed.
//
// SQLite ends a WAL at the first frame that does not fit, and takes pages behind the end of the main file for
// zeros: whether a crash tore what nobody had been promised, or somebody took what was, the files do not say.
// The mark does (docs/format/watermark.md, docs/decisions/0083).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/env/disk.h"
#include "base/result.h"
#include "storage/sql/companion.h"

namespace lockstep::sql {

struct Mark {
  std::uint64_t main_bytes = 0;  // the main file is at least so long
  std::uint64_t wal_salts = 0;   // name the WAL of which the next two speak
  std::uint32_t wal_frames = 0;  // it is there, with at least so many committed frames; 0: it may be gone
  // The main file may hold pages from so many of its frames. If it is there, it has them: a shorter one would
  // be older than the pages below it.
  std::uint32_t copied_frames = 0;
  bool operator==(const Mark&) const = default;
};

std::string mark_file_of(const std::string& database);

// For whoever has found that files hold less than they should, or something else: the next start is to find it as well,
// also after a loss of power. What fails here changes nothing, and is not told.
void make_mark_durable(env::Disk& disk, const std::string& database);

// Belongs to the lane that writes.
class Watermark {
 public:
  // Reads the mark; where there is none, or none that is whole, it promises nothing. `main_bytes` is told
  // what holds.
  static Result<std::unique_ptr<Watermark>> open(env::Disk& disk, const std::string& database,
                                                 std::atomic<std::uint64_t>& main_bytes);

  const Mark& mark() const { return mark_; }
  // When the files hold so much durably. It is not synced: a mark that goes with the power leaves the last one
  // that was, which is true as well.
  Status raise(const Mark& mark);
  // Before the files may hold less, or something that is nothing without what the mark asks for. Durable when
  // it returns.
  Status fix(const Mark& mark);

 private:
  Watermark(env::Disk& disk, std::string path, std::atomic<std::uint64_t>& main_bytes)
      : companion_(disk, std::move(path)), main_bytes_(main_bytes) {}
  Status load();
  Status write(const Mark& mark);
  Status sync();

  Companion companion_;
  std::atomic<std::uint64_t>& main_bytes_;
  std::uint64_t sequence_ = 0;  // of the mark that was written last
  std::uint64_t synced_ = 0;    // of the one that was synced last; 0: none is known to be
  Mark mark_;
};

}  // namespace lockstep::sql
