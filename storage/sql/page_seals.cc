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

// Decided once: what happens to the header later, or what a bit that flipped in it says, does not turn the
// seals off. What is no header says nothing: SQLite may have another in the WAL, and the rest of the file is
// as it was.
void PageSeals::look_at_header(std::uint64_t offset, BytesView bytes) {
  if (offset != 0 || bytes.size() <= kReservedAt) return;
  const bool is_plain = bytes.starts_with(kMagic) &&
                        static_cast<unsigned char>(bytes[kReservedAt]) != kSealBytes && expected(0) == 0;
  File unknown = File::kUnknown;
  file_.compare_exchange_strong(unknown, is_plain ? File::kPlain : File::kSealed, std::memory_order_acq_rel);
}

BytesView PageSeals::seal(std::uint64_t offset, BytesView bytes, Bytes& scratch) {
  look_at_header(offset, bytes);
  if (file_.load(std::memory_order_acquire) != File::kSealed || !is_page(offset, bytes)) return bytes;
  scratch.assign(bytes);
  const std::uint64_t seal = seal_of(offset, bytes);
  for (std::size_t i = 0; i < kSealBytes; ++i)
    scratch[kPageBytes - kSealBytes + i] = static_cast<char>(seal >> (8 * i));
  expect(offset / kPageBytes, seal);
  // Also if it is the same: the file that keeps it may have it in the system's cache alone.
  changed_.insert(offset / kPageBytes / kSealsInBlock);
  return scratch;
}

PageSeals::Page PageSeals::judge(std::uint64_t offset, BytesView bytes) {
  look_at_header(offset, bytes);
  if (file_.load(std::memory_order_acquire) != File::kSealed || !is_page(offset, bytes)) return Page::kSound;
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < kSealBytes; ++i)
    found |= std::uint64_t{static_cast<unsigned char>(bytes[kPageBytes - kSealBytes + i])} << (8 * i);
  const std::uint64_t last = expected(offset / kPageBytes);
  const bool is_whole = found == seal_of(offset, bytes);
  if (is_whole) return last == 0 || found == last ? Page::kSound : Page::kAnother;
  return last == 0 && is_hole(bytes) ? Page::kSound : Page::kDamaged;
}

std::uint64_t PageSeals::expected(std::uint64_t page) const {
  const auto* word = main_.find(page);
  return word == nullptr ? 0 : word->load(std::memory_order_acquire);
}

void PageSeals::expect(std::uint64_t page, std::uint64_t seal) {
  auto* const word = main_.make(page);
  if (word == nullptr) return;
  word->store(seal, std::memory_order_release);
  known_pages_ = std::max(known_pages_, page + 1);
}

void PageSeals::forget_from(std::uint64_t page) {
  for (std::uint64_t at = page; at < known_pages_; ++at) {
    if (expected(at) == 0) continue;
    expect(at, 0);
    changed_.insert(at / kSealsInBlock);
  }
  known_pages_ = std::min(known_pages_, page);
}

std::vector<std::uint64_t> PageSeals::take_changed() {
  std::vector<std::uint64_t> out(changed_.begin(), changed_.end());
  changed_.clear();
  return out;
}

void PageSeals::note_wal_write(std::uint64_t offset, BytesView bytes) {
  if (bytes.empty() || offset < kWalHeaderBytes) return;
  const std::uint64_t first = (offset - kWalHeaderBytes) / kFrameBytes;
  const bool is_exact =
      (offset - kWalHeaderBytes) % kFrameBytes == kFrameHeaderBytes && bytes.size() == kPageBytes;
  if (is_exact) {
    if (auto* known = wal_.make(first)) known->store(fingerprint(bytes), std::memory_order_release);
    return;
  }
  // A frame's header alone says nothing of its page.
  const std::uint64_t end = offset + bytes.size() - kWalHeaderBytes;
  for (std::uint64_t frame = first; frame * kFrameBytes < end; ++frame)
    if (end > frame * kFrameBytes + kFrameHeaderBytes)
      if (auto* known = wal_.make(frame)) known->store(0, std::memory_order_release);
}

bool PageSeals::note_wal_read(std::uint64_t offset, BytesView bytes) {
  if (offset < kWalHeaderBytes) return true;
  const std::uint64_t at = (offset - kWalHeaderBytes) % kFrameBytes;
  const bool is_frame = at == 0 && bytes.size() == kFrameBytes;  // as recovery reads them
  const bool is_page = at == kFrameHeaderBytes && bytes.size() == kPageBytes;
  if (!is_frame && !is_page) return true;
  auto* known = wal_.make((offset - kWalHeaderBytes) / kFrameBytes);
  if (known == nullptr) return true;
  const std::uint64_t found = fingerprint(is_frame ? bytes.substr(kFrameHeaderBytes) : bytes);
  const std::uint64_t expected = known->load(std::memory_order_acquire);
  if (is_page) return expected == 0 || expected == found;
  known->store(found, std::memory_order_release);
  return true;
}

}  // namespace lockstep::sql
