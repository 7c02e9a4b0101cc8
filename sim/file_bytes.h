// The bytes of one simulated file: cached, durable, and what power loss leaves of them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace lockstep::sim {

inline constexpr std::size_t kSectorBytes = 4096;

// Recycles sectors, so that a growing file neither moves its bytes nor touches fresh pages.
class SectorPool {
 public:
  struct Sector {
    char bytes[kSectorBytes];
  };
  // Contents are arbitrary.
  Sector* take();
  // nullptr is allowed: it stands for a hole.
  void give(Sector* sector);

 private:
  static constexpr std::size_t kSlabSectors = 16;
  std::vector<std::unique_ptr<Sector[]>> slabs_;
  std::vector<Sector*> free_;
};

// The crash model of contents is stated in sim/disk_image.h.
class FileBytes {
 public:
  // `id` names the file in draws. The pool outlives the file.
  FileBytes(SectorPool& pool, std::uint64_t id) : pool_(pool), id_(id) {}
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::uint64_t size() const { return size_; }
  std::size_t read(std::uint64_t offset, char* into, std::size_t size) const;
  void write(std::uint64_t offset, BytesView bytes);
  void truncate(std::uint64_t size);
  // Everything cached becomes durable.
  void sync();
  // Somebody said that it was durable, and it is not.
  void promise() { is_promised_ = !dirty_.empty() || size_ != durable_size_; }
  bool is_promised() const { return is_promised_; }
  // Every unsynced sector, and the size, meets its fate; what is left is durable.
  void lose_unsynced(std::uint64_t seed);
  // Damages one byte, in the cached and in the durable contents. The offset is inside the file (checked).
  void flip(std::uint64_t offset, unsigned char mask);

  // Set by a failed sync, cleared by the death of the process.
  bool poisoned = false;

 private:
  // A hole is nullptr and reads as zeros. Unless dirty, the cached sector is the durable one.
  struct Slot {
    SectorPool::Sector* cached = nullptr;
    SectorPool::Sector* durable = nullptr;  // only while dirty
    bool dirty = false;
  };

  void mark_dirty(std::size_t index);
  char* writable(std::size_t index, bool wholly_overwritten);
  void tear(Slot& slot, std::uint64_t bits);
  std::uint64_t surviving_size(std::uint64_t bits) const;

  SectorPool& pool_;
  std::uint64_t id_;
  std::uint64_t size_ = 0;
  std::uint64_t durable_size_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::size_t> dirty_;  // in the order of first writing
  bool is_promised_ = false;        // by a sync that lied; until an honest one
};

}  // namespace lockstep::sim
