// An array of seals, nothing else: a wrong one refuses its page, which is what is wanted of a file that is
// damaged.
#include "storage/sql/seal_file.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/env/paths.h"

namespace lockstep::sql {
namespace {

constexpr std::uint64_t kEntryBytes = 8;
constexpr std::uint64_t kBlockBytes = PageSeals::kSealsInBlock * kEntryBytes;
constexpr std::uint64_t kBlocksAtOnce = 256;

}  // namespace

std::string seal_file_of(const std::string& database) { return database + "-seals"; }

Result<std::unique_ptr<SealFile>> SealFile::open(env::Disk& disk, const std::string& database,
                                                 PageSeals& seals) {
  std::unique_ptr<SealFile> out(new SealFile(disk, seal_file_of(database), seals));
  LOCKSTEP_TRY(is_there, disk.exists(database));
  std::uint64_t pages = 0;
  if (is_there) {
    LOCKSTEP_TRY(main, disk.open(database, env::OpenMode::kMustExist));
    LOCKSTEP_TRY(bytes, main->size());
    pages = bytes / kPageBytes;
  }
  LOCKSTEP_TRY(exists, disk.exists(out->path_));
  if (exists) LOCKSTEP_TRY_STATUS(pages > 0 ? out->load(pages) : out->remove());
  return out;
}

Status SealFile::remove() {
  LOCKSTEP_TRY_STATUS(disk_.remove(path_));
  return disk_.sync_dir(env::directory_of(path_));
}

Status SealFile::load(std::uint64_t pages) {
  LOCKSTEP_TRY(file, disk_.open(path_, env::OpenMode::kMustExist));
  file_ = std::move(file);
  Bytes bytes(kBlocksAtOnce * kBlockBytes, '\0');
  std::uint64_t page = 0;
  for (std::size_t got = bytes.size(); got == bytes.size();) {
    LOCKSTEP_TRY(count, file_->read_at(page * kEntryBytes, bytes.data(), bytes.size()));
    got = count;
    ByteReader reader(BytesView(bytes).substr(0, got));
    for (std::size_t left = got / kEntryBytes; left > 0; --left) {
      const std::uint64_t seal = *reader.u64();
      if (seal != 0) seals_.expect(page, seal);
      ++page;
    }
  }
  // A crash has cut the main file, and what was to be said of that.
  seals_.forget_from(pages);
  return {};
}

Status SealFile::save() {
  const std::vector<std::uint64_t> blocks = seals_.take_changed();
  if (blocks.empty()) return {};
  if (!file_) {
    LOCKSTEP_TRY(file, disk_.open(path_, env::OpenMode::kCreate));
    file_ = std::move(file);
  }
  for (auto first = blocks.begin(); first != blocks.end();) {  // neighbours in one write
    Bytes bytes;
    ByteWriter writer(bytes);
    auto next = first;
    while (next != blocks.end() && *next == *first + static_cast<std::uint64_t>(next - first) &&
           bytes.size() < kBlocksAtOnce * kBlockBytes) {
      for (std::uint64_t i = 0; i < PageSeals::kSealsInBlock; ++i)
        writer.u64(seals_.expected(*next * PageSeals::kSealsInBlock + i));
      ++next;
    }
    LOCKSTEP_TRY_STATUS(file_->write_at(*first * kBlockBytes, bytes));
    first = next;
  }
  LOCKSTEP_TRY_STATUS(file_->sync());
  if (!name_synced_) LOCKSTEP_TRY_STATUS(disk_.sync_dir(env::directory_of(path_)));
  name_synced_ = true;
  return {};
}

}  // namespace lockstep::sql
