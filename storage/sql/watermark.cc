// Two copies, each in a sector of its own. The one that was synced last stays until the other is: whatever goes with the
// power, no mark comes back that is older than it.
#include "storage/sql/watermark.h"

#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/hash.h"

namespace lockstep::sql {
namespace {

constexpr BytesView kMagic{"LSMARK1\0", 8};
constexpr std::uint64_t kSectorBytes = 4096;
constexpr std::size_t kCopyBytes = 48;

Bytes copy_of(std::uint64_t sequence, const Mark& mark) {
  Bytes out;
  ByteWriter writer(out);
  writer.raw(kMagic);
  writer.u64(sequence);
  writer.u64(mark.main_bytes);
  writer.u64(mark.wal_salts);
  writer.u32(mark.wal_frames);
  writer.u32(mark.copied_frames);
  writer.u64(hash64(out));
  return out;
}

struct Copy {
  std::uint64_t sequence = 0;
  Mark mark;
};

// nullopt: torn, damaged, or not there.
std::optional<Copy> read_copy(BytesView bytes) {
  if (bytes.size() != kCopyBytes) return std::nullopt;
  ByteReader reader(bytes);
  std::array<std::uint64_t, 6> words{};
  for (std::uint64_t& word : words) word = *reader.u64();
  if (!bytes.starts_with(kMagic) || words[5] != hash64(bytes.substr(0, kCopyBytes - 8))) return std::nullopt;
  const Mark mark{.main_bytes = words[2],
                  .wal_salts = words[3],
                  .wal_frames = static_cast<std::uint32_t>(words[4]),
                  .copied_frames = static_cast<std::uint32_t>(words[4] >> 32)};
  return Copy{words[1], mark};
}

}  // namespace

std::string mark_file_of(const std::string& database) { return database + "-mark"; }

void make_mark_durable(env::Disk& disk, const std::string& database) {
  const auto file = disk.open(mark_file_of(database), env::OpenMode::kMustExist);
  if (file) (void)(*file)->sync();
}

Result<std::unique_ptr<Watermark>> Watermark::open(env::Disk& disk, const std::string& database,
                                                   std::atomic<std::uint64_t>& main_bytes) {
  std::unique_ptr<Watermark> out(new Watermark(disk, mark_file_of(database), main_bytes));
  LOCKSTEP_TRY_STATUS(out->load());
  return out;
}

Status Watermark::load() {
  LOCKSTEP_TRY(exists, companion_.open());
  if (!exists) return {};
  for (std::uint64_t place = 0; place < 2; ++place) {
    Bytes bytes(kCopyBytes, '\0');
    LOCKSTEP_TRY(got, companion_.file().read_at(place * kSectorBytes, bytes.data(), bytes.size()));
    const auto copy = read_copy(BytesView(bytes).substr(0, got));
    if (!copy || copy->sequence < sequence_) continue;
    sequence_ = copy->sequence;
    mark_ = copy->mark;
  }
  main_bytes_.store(mark_.main_bytes, std::memory_order_release);
  return {};
}

Status Watermark::write(const Mark& mark) {
  LOCKSTEP_TRY_STATUS(companion_.make());
  if (sequence_ > 0 && synced_ == 0) LOCKSTEP_TRY_STATUS(sync());  // who wrote it may have been killed before that
  mark_ = mark;
  main_bytes_.store(mark.main_bytes, std::memory_order_release);
  sequence_ += sequence_ == synced_ ? 1 : 2;  // its lowest bit is the place
  return companion_.file().write_at(sequence_ % 2 * kSectorBytes, copy_of(sequence_, mark));
}

Status Watermark::sync() {
  LOCKSTEP_TRY_STATUS(companion_.sync());
  synced_ = sequence_;
  return {};
}

Status Watermark::raise(const Mark& mark) { return mark == mark_ ? Status{} : write(mark); }

Status Watermark::fix(const Mark& mark) {
  if (mark == mark_ && sequence_ > 0 && sequence_ == synced_) return {};
  LOCKSTEP_TRY_STATUS(write(mark));
  return sync();
}

}  // namespace lockstep::sql
