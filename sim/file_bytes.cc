// Copy on first write after a sync: the replaced sector is the durable one until the next sync.
#include "sim/file_bytes.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/prng.h"

namespace lockstep::sim {
namespace {

constexpr Purpose kFileFate{"sim.disk.file_fate"};
constexpr Purpose kFirstLost{"sim.disk.first_lost"};
constexpr Purpose kSectorFate{"sim.disk.sector_fate"};
constexpr Purpose kSizeFate{"sim.disk.size_fate"};
constexpr Purpose kTear{"sim.disk.tear"};

// What a device writes at once; a torn sector is a mixture of these, and one of them may be cut.
constexpr std::size_t kUnitBytes = 512;
constexpr std::size_t kUnits = kSectorBytes / kUnitBytes;

enum class FileFate : std::uint64_t { kAllKept, kAllLost, kPrefixKept, kEachAlone };
constexpr std::uint64_t kFileFates = 4;

enum class SectorFate : std::uint64_t { kKept, kLost, kTorn };
constexpr std::uint64_t kSectorFates = 3;

}  // namespace

SectorPool::Sector* SectorPool::take() {
  if (free_.empty()) {
    // Not value-initialised: every taker fills what it takes.
    slabs_.emplace_back(new Sector[kSlabSectors]);
    for (std::size_t i = kSlabSectors; i-- > 0;) free_.push_back(&slabs_.back()[i]);
  }
  Sector* const sector = free_.back();
  free_.pop_back();
  return sector;
}

void SectorPool::give(Sector* sector) {
  if (sector != nullptr) free_.push_back(sector);
}

FileBytes::~FileBytes() {
  for (const Slot& slot : slots_) {
    pool_.give(slot.cached);
    pool_.give(slot.durable);
  }
}

std::size_t FileBytes::read(std::uint64_t offset, char* into, std::size_t size) const {
  if (offset >= size_) return 0;
  const std::size_t total = std::min<std::uint64_t>(size, size_ - offset);
  for (std::size_t done = 0; done < total;) {
    const std::uint64_t at = offset + done;
    const std::size_t inside = at % kSectorBytes;
    const std::size_t part = std::min(total - done, kSectorBytes - inside);
    const std::size_t index = at / kSectorBytes;
    const auto* sector = index < slots_.size() ? slots_[index].cached : nullptr;
    if (sector != nullptr)
      std::memcpy(into + done, sector->bytes + inside, part);
    else
      std::memset(into + done, 0, part);
    done += part;
  }
  return total;
}

void FileBytes::write(std::uint64_t offset, BytesView bytes) {
  const std::uint64_t end = offset + bytes.size();
  const std::size_t slots = (end + kSectorBytes - 1) / kSectorBytes;
  if (!bytes.empty() && slots > slots_.size()) slots_.resize(slots);
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t at = offset + done;
    const std::size_t inside = at % kSectorBytes;
    const std::size_t part = std::min(bytes.size() - done, kSectorBytes - inside);
    char* const into = writable(at / kSectorBytes, part == kSectorBytes);
    std::memcpy(into + inside, bytes.data() + done, part);
    done += part;
  }
  if (!bytes.empty()) size_ = std::max(size_, end);
}

void FileBytes::truncate(std::uint64_t size) {
  const std::size_t kept = (size + kSectorBytes - 1) / kSectorBytes;
  for (std::size_t index = kept; index < slots_.size(); ++index) {
    if (slots_[index].cached == nullptr) continue;
    mark_dirty(index);
    Slot& slot = slots_[index];
    pool_.give(slot.cached == slot.durable ? nullptr : slot.cached);
    slot.cached = nullptr;
  }
  // Bytes behind the end are zeros, so that growing again shows zeros.
  const std::size_t inside = size % kSectorBytes;
  if (size < size_ && inside > 0 && slots_[kept - 1].cached != nullptr)
    std::memset(writable(kept - 1, false) + inside, 0, kSectorBytes - inside);
  if (kept > slots_.size()) slots_.resize(kept);
  size_ = size;
}

void FileBytes::sync() {
  for (const std::size_t index : dirty_) {
    Slot& slot = slots_[index];
    pool_.give(slot.durable);
    slot.durable = nullptr;
    slot.dirty = false;
  }
  dirty_.clear();
  slots_.resize((size_ + kSectorBytes - 1) / kSectorBytes);
  durable_size_ = size_;
  is_promised_ = false;
}

void FileBytes::lose_unsynced(std::uint64_t seed) {
  if (dirty_.empty() && size_ == durable_size_) return;
  const auto file_fate = FileFate{below(draw(seed, kFileFate, id_, 0), kFileFates)};
  const std::uint64_t first_lost = below(draw(seed, kFirstLost, id_, 0), dirty_.size() + 1);
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    Slot& slot = slots_[dirty_[i]];
    SectorFate fate = SectorFate::kKept;
    if (file_fate == FileFate::kAllLost) fate = SectorFate::kLost;
    if (file_fate == FileFate::kPrefixKept && i >= first_lost)
      fate = i == first_lost ? SectorFate::kTorn : SectorFate::kLost;
    if (file_fate == FileFate::kEachAlone)
      fate = SectorFate{below(draw(seed, kSectorFate, id_, dirty_[i]), kSectorFates)};
    if (fate == SectorFate::kTorn) tear(slot, draw(seed, kTear, id_, dirty_[i]));
    if (fate == SectorFate::kLost) std::swap(slot.cached, slot.durable);
  }
  std::uint64_t size = size_;
  if (file_fate == FileFate::kAllLost) size = durable_size_;
  if (file_fate == FileFate::kPrefixKept || file_fate == FileFate::kEachAlone)
    size = surviving_size(draw(seed, kSizeFate, id_, 0));
  // A lost shrinking brings back a longer file than the cached one.
  size_ = std::max(size_, size);
  truncate(size);
  sync();
}

void FileBytes::flip(std::uint64_t offset, unsigned char mask) {
  CHECK(offset < size_, "flip at ", offset, " of ", size_);
  Slot& slot = slots_[offset / kSectorBytes];
  for (auto* sector : {slot.cached, slot.durable})
    if (sector != nullptr) sector->bytes[offset % kSectorBytes] ^= static_cast<char>(mask);
}

void FileBytes::mark_dirty(std::size_t index) {
  Slot& slot = slots_[index];
  if (slot.dirty) return;
  slot.dirty = true;
  slot.durable = slot.cached;
  dirty_.push_back(index);
}

char* FileBytes::writable(std::size_t index, bool wholly_overwritten) {
  const bool was_dirty = slots_[index].dirty;
  mark_dirty(index);
  Slot& slot = slots_[index];
  if (was_dirty && slot.cached != nullptr) return slot.cached->bytes;
  slot.cached = pool_.take();
  // A sector that was truncated since the last sync restarts as zeros, not as its durable contents.
  const bool copies = !was_dirty && slot.durable != nullptr;
  if (!wholly_overwritten && copies) std::memcpy(slot.cached->bytes, slot.durable->bytes, kSectorBytes);
  if (!wholly_overwritten && !copies) std::memset(slot.cached->bytes, 0, kSectorBytes);
  return slot.cached->bytes;
}

// Bits 0-7: which units are old; bits 8-10: the unit that is cut; bits 11-19: new up to here, old from here.
void FileBytes::tear(Slot& slot, std::uint64_t bits) {
  if (slot.cached == nullptr) {
    slot.cached = pool_.take();
    std::memset(slot.cached->bytes, 0, kSectorBytes);
  }
  const auto restore = [&slot](std::size_t from, std::size_t end) {
    if (slot.durable != nullptr)
      std::memcpy(slot.cached->bytes + from, slot.durable->bytes + from, end - from);
    else
      std::memset(slot.cached->bytes + from, 0, end - from);
  };
  const std::size_t cut_unit = (bits >> 8) % kUnits;
  const std::size_t cut = (bits >> 11) % kUnitBytes;
  for (std::size_t unit = 0; unit < kUnits; ++unit) {
    const std::size_t from = unit * kUnitBytes;
    if (unit == cut_unit)
      restore(from + cut, from + kUnitBytes);
    else if ((bits >> unit) & 1)
      restore(from, from + kUnitBytes);
  }
}

std::uint64_t FileBytes::surviving_size(std::uint64_t bits) const {
  if ((bits & 1) == 0) return size_;
  if ((bits & 2) == 0 || size_ <= durable_size_) return durable_size_;
  return durable_size_ + below(bits, size_ - durable_size_ + 1);
}

}  // namespace lockstep::sim
