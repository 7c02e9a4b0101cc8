// Seals of pages: what tells that a page read is not the one that was written there.
//
// SQLite takes the bytes of a page as they come. Each page of the database file therefore ends in a checksum
// of its bytes and its number, in space that SQLite is told to leave alone (its "reserved bytes"; a file made
// without them is read as it is). The pages of the WAL are checked by SQLite only when it recovers; what this
// incarnation wrote or recovered there is remembered. That a page of the database file is not an older one of
// its own is told by the seal that it has to have, which is kept beside it (storage/sql/seal_file.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "storage/sql/atomic_words.h"

namespace lockstep::sql {

inline constexpr std::size_t kPageBytes = 4096;  // SQLite's default, and always ours
inline constexpr std::size_t kSealBytes = 8;     // at the end of a page

// Of a WAL: https://sqlite.org/walformat.html, section 1.
inline constexpr std::uint64_t kWalHeaderBytes = 32;
inline constexpr std::uint64_t kFrameHeaderBytes = 24;
inline constexpr std::uint64_t kFrameBytes = kFrameHeaderBytes + kPageBytes;

// Shared by the connections of one incarnation: lanes may be threads, so that everything is one atomic word,
// but for what only the lane that writes asks for. A lane reads no page before the one that wrote it has
// published it through the WAL index; nor does anybody read in the main file what a checkpoint writes there,
// which is in the WAL as well.
class PageSeals {
 public:
  static constexpr std::uint64_t kSealsInBlock = 512;  // are kept, and written, together

  enum class Page : std::uint8_t {
    kSound,
    kAnother,  // sealed in its place, but not last
    kDamaged,  // no page that was ever sealed there
  };

  // What is written at the offset in the database file: `bytes`, or a sealed copy of them, which `scratch`
  // holds.
  BytesView seal(std::uint64_t offset, BytesView bytes, Bytes& scratch);
  Page judge(std::uint64_t offset, BytesView bytes);
  bool is_sound(std::uint64_t offset, BytesView bytes) { return judge(offset, bytes) == Page::kSound; }

  // The seal that the page has to have, 0: none is known. Pages count from 0.
  std::uint64_t expected(std::uint64_t page) const;

  // For the lane that writes:
  void expect(std::uint64_t page, std::uint64_t seal);
  std::uint64_t known_pages() const { return known_pages_; }  // nothing is known from this page on
  // The file ends before this page, or is going to.
  void forget_from(std::uint64_t page);
  // The blocks of which seals have changed since the last time, ascending.
  std::vector<std::uint64_t> take_changed();

  void note_wal_write(std::uint64_t offset, BytesView bytes);
  // False: the page is not what was written there.
  bool note_wal_read(std::uint64_t offset, BytesView bytes);

 private:
  enum class File : std::uint8_t { kUnknown, kPlain, kSealed };

  void look_at_header(std::uint64_t offset, BytesView bytes);

  std::atomic<File> file_{File::kUnknown};
  // Fingerprints of pages, 0: not known. As many frames as the WAL index can hold.
  AtomicWords<4096, 1024> wal_;
  // The seals that pages have to have, 0: not known. 256 GiB, and none beyond.
  AtomicWords<16384, 4096> main_;
  std::uint64_t known_pages_ = 0;
  std::set<std::uint64_t> changed_;  // blocks
};

}  // namespace lockstep::sql
