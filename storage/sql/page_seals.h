// Seals of pages: what tells that a page read is not the one that was written there.
//
// SQLite takes the bytes of a page as they come. Each page of the database file therefore ends in a checksum
// of its bytes and its number, in space that SQLite is told to leave alone (its "reserved bytes"; a file made
// without them is read as it is). The pages of the WAL are checked by SQLite only when it recovers; what this
// incarnation wrote or recovered there is remembered. A stale but once valid page of the database file is not
// recognised.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/bytes.h"

namespace lockstep::sql {

inline constexpr std::size_t kPageBytes = 4096;  // SQLite's default, and always ours
inline constexpr std::size_t kSealBytes = 8;     // at the end of a page

// Of a WAL: https://sqlite.org/walformat.html, section 1.
inline constexpr std::uint64_t kWalHeaderBytes = 32;
inline constexpr std::uint64_t kFrameHeaderBytes = 24;
inline constexpr std::uint64_t kFrameBytes = kFrameHeaderBytes + kPageBytes;

// Shared by the connections of one incarnation: lanes may be threads, so that everything is one atomic word.
// A lane reads no page before the one that wrote it has published it through the WAL index.
class PageSeals {
 public:
  PageSeals() = default;
  ~PageSeals();
  PageSeals(const PageSeals&) = delete;
  PageSeals& operator=(const PageSeals&) = delete;

  // What is written at the offset in the database file: `bytes`, or a sealed copy of them, which `scratch`
  // holds.
  BytesView seal(std::uint64_t offset, BytesView bytes, Bytes& scratch);
  // False: this is no page that was sealed there.
  bool is_sound(std::uint64_t offset, BytesView bytes);

  void note_wal_write(std::uint64_t offset, BytesView bytes);
  // False: the page is not what was written there.
  bool note_wal_read(std::uint64_t offset, BytesView bytes);

 private:
  static constexpr std::size_t kFramesInRegion = 4096;
  static constexpr std::size_t kMostRegions = 1024;  // as many frames as the WAL index can hold
  enum class File : std::uint8_t { kUnknown, kPlain, kSealed };

  void look_at_header(std::uint64_t offset, BytesView bytes);
  // Of the frame's page; nullptr: none is kept. 0: not known.
  std::atomic<std::uint64_t>* of_frame(std::uint64_t frame);

  std::atomic<File> file_{File::kUnknown};
  std::array<std::atomic<std::atomic<std::uint64_t>*>, kMostRegions> wal_{};
};

}  // namespace lockstep::sql
