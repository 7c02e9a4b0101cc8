// Offsets tell pages and frames apart: https://sqlite.org/fileformat.html, https://sqlite.org/walformat.html.
#include "storage/sql/page_seals.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace lockstep::sql {
namespace {

constexpr BytesView kMagic{"SQLite format 3\0", 16};
constexpr std::size_t kReservedAt = 20;  // in the header of the file

bool is_page(std::uint64_t offset, BytesView bytes) {
  return bytes.size() == kPageBytes && offset % kPageBytes == 0;
}

std::uint64_t seal_of(std::uint64_t offset, BytesView page) {
  return hash64(page.substr(0, kPageBytes - kSealBytes), offset / kPageBytes + 1);
}

// Never 0, which stands for "not known".
std::uint64_t fingerprint(BytesView page) { return hash64(page) | 1; }

// Space that was never written: SQLite does not write a page that is free again when it commits.
bool is_hole(BytesView page) {
  return std::all_of(page.begin(), page.end(), [](char byte) { return byte == 0; });
}

}  // namespace

PageSeals::~PageSeals() {
  for (auto& region : wal_) delete[] region.load(std::memory_order_acquire);
}

void PageSeals::look_at_header(std::uint64_t offset, BytesView bytes) {
  if (offset != 0 || bytes.size() <= kReservedAt || !bytes.starts_with(kMagic)) return;
  const bool sealed = static_cast<unsigned char>(bytes[kReservedAt]) == kSealBytes;
  file_.store(sealed ? File::kSealed : File::kPlain, std::memory_order_release);
}

BytesView PageSeals::seal(std::uint64_t offset, BytesView bytes, Bytes& scratch) {
  look_at_header(offset, bytes);
  if (file_.load(std::memory_order_acquire) != File::kSealed || !is_page(offset, bytes)) return bytes;
  scratch.assign(bytes);
  const std::uint64_t seal = seal_of(offset, bytes);
  for (std::size_t i = 0; i < kSealBytes; ++i)
    scratch[kPageBytes - kSealBytes + i] = static_cast<char>(seal >> (8 * i));
  return scratch;
}

bool PageSeals::is_sound(std::uint64_t offset, BytesView bytes) {
  look_at_header(offset, bytes);
  if (file_.load(std::memory_order_acquire) != File::kSealed || !is_page(offset, bytes)) return true;
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < kSealBytes; ++i)
    found |= std::uint64_t{static_cast<unsigned char>(bytes[kPageBytes - kSealBytes + i])} << (8 * i);
  return found == seal_of(offset, bytes) || is_hole(bytes);
}

void PageSeals::note_wal_write(std::uint64_t offset, BytesView bytes) {
  if (bytes.empty() || offset < kWalHeaderBytes) return;
  const std::uint64_t first = (offset - kWalHeaderBytes) / kFrameBytes;
  const bool is_exact =
      (offset - kWalHeaderBytes) % kFrameBytes == kFrameHeaderBytes && bytes.size() == kPageBytes;
  if (is_exact) {
    if (auto* known = of_frame(first)) known->store(fingerprint(bytes), std::memory_order_release);
    return;
  }
  // A frame's header alone says nothing of its page.
  const std::uint64_t end = offset + bytes.size() - kWalHeaderBytes;
  for (std::uint64_t frame = first; frame * kFrameBytes < end; ++frame)
    if (end > frame * kFrameBytes + kFrameHeaderBytes)
      if (auto* known = of_frame(frame)) known->store(0, std::memory_order_release);
}

bool PageSeals::note_wal_read(std::uint64_t offset, BytesView bytes) {
  if (offset < kWalHeaderBytes) return true;
  const std::uint64_t at = (offset - kWalHeaderBytes) % kFrameBytes;
  const bool is_frame = at == 0 && bytes.size() == kFrameBytes;  // as recovery reads them
  const bool is_page = at == kFrameHeaderBytes && bytes.size() == kPageBytes;
  if (!is_frame && !is_page) return true;
  auto* known = of_frame((offset - kWalHeaderBytes) / kFrameBytes);
  if (known == nullptr) return true;
  const std::uint64_t found = fingerprint(is_frame ? bytes.substr(kFrameHeaderBytes) : bytes);
  const std::uint64_t expected = known->load(std::memory_order_acquire);
  if (is_page) return expected == 0 || expected == found;
  known->store(found, std::memory_order_release);
  return true;
}

std::atomic<std::uint64_t>* PageSeals::of_frame(std::uint64_t frame) {
  if (frame / kFramesInRegion >= kMostRegions) return nullptr;
  auto& slot = wal_[frame / kFramesInRegion];
  std::atomic<std::uint64_t>* region = slot.load(std::memory_order_acquire);
  if (region == nullptr) {
    auto* const made = new std::atomic<std::uint64_t>[kFramesInRegion]();
    if (slot.compare_exchange_strong(region, made, std::memory_order_acq_rel)) {
      region = made;
    } else {
      delete[] made;
    }
  }
  return &region[frame % kFramesInRegion];
}

}  // namespace lockstep::sql
