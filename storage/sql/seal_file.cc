// An array of seals, nothing else: a wrong one refuses its page, which is what is wanted of a file that is
// damaged.
#include "storage/sql/seal_file.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/env/paths.h"
#include "base/text.h"

namespace lockstep::sql {
namespace {

constexpr std::uint64_t kEntryBytes = 8;
constexpr std::uint64_t kBlockBytes = PageSeals::kSealsInBlock * kEntryBytes;
constexpr std::uint64_t kBlocksAtOnce = 256;

}  // namespace

std::string seal_file_of(const std::string& database) { return database + "-seals"; }

std::string complaint(const std::string& database, std::uint64_t offset, PageSeals::Page found) {
  std::string out = cat("the page at offset ", offset);
  if (found == PageSeals::Page::kDamaged) return out + " is not what was written there";
  const std::string seals = seal_file_of(database);
  return out + cat(" is whole, but not the one that ", seals,
                   " asks for: one of the two is older or damaged, or another program has written "
                   "here. To go on with the pages as they are, remove ",
                   seals);
}

Result<std::unique_ptr<SealFile>> SealFile::open(env::Disk& disk, const std::string& database,
                                                 PageSeals& seals) {
  std::unique_ptr<SealFile> out(new SealFile(disk, seal_file_of(database), seals));
  LOCKSTEP_TRY(bytes, env::size_of(disk, database));
  const std::uint64_t pages = bytes / kPageBytes;
  if (pages == 0) {
    LOCKSTEP_TRY_STATUS(out->companion_.remove());
  } else {
    LOCKSTEP_TRY(exists, out->companion_.open());
    if (exists) LOCKSTEP_TRY_STATUS(out->load(pages));
  }
  return out;
}

// What the file says beyond these pages is of a longer main file, which a crash found cut already. It goes
// before the main file may grow again.
Status SealFile::load(std::uint64_t pages) {
  env::File& file = companion_.file();
  LOCKSTEP_TRY(size, file.size());
  if (size > pages * kEntryBytes) {
    LOCKSTEP_TRY_STATUS(file.truncate(pages * kEntryBytes));
    LOCKSTEP_TRY_STATUS(file.sync());
  }
  const std::uint64_t end = std::min(size / kEntryBytes, pages);
  Bytes bytes(kBlocksAtOnce * kBlockBytes, '\0');
  for (std::uint64_t page = 0; page < end;) {
    const std::size_t wanted = std::min(bytes.size(), (end - page) * kEntryBytes);
    LOCKSTEP_TRY(got, file.read_at(page * kEntryBytes, bytes.data(), wanted));
    if (got != wanted) return fail(ErrorCode::kIo, cat("'", companion_.path(), "' became shorter while it was read"));
    ByteReader reader(BytesView(bytes).substr(0, got));
    for (; !reader.at_end(); ++page)
      if (const std::uint64_t seal = *reader.u64(); seal != 0) seals_.expect(page, seal);
  }
  return {};
}

Status SealFile::save() {
  const std::vector<std::uint64_t> blocks = seals_.take_changed();
  if (blocks.empty()) return {};
  LOCKSTEP_TRY_STATUS(companion_.make());
  env::File& file = companion_.file();
  const std::uint64_t end = seals_.known_pages();
  for (auto first = blocks.begin(); first != blocks.end();) {  // neighbours in one write
    Bytes bytes;
    ByteWriter writer(bytes);
    auto next = first;
    while (next != blocks.end() && *next == *first + static_cast<std::uint64_t>(next - first) &&
           bytes.size() < kBlocksAtOnce * kBlockBytes) {
      const std::uint64_t begin = *next * PageSeals::kSealsInBlock;
      for (std::uint64_t page = begin; page < std::min(begin + PageSeals::kSealsInBlock, end); ++page)
        writer.u64(seals_.expected(page));
      ++next;
    }
    if (!bytes.empty()) LOCKSTEP_TRY_STATUS(file.write_at(*first * kBlockBytes, bytes));
    first = next;
  }
  LOCKSTEP_TRY(size, file.size());
  if (size > end * kEntryBytes) LOCKSTEP_TRY_STATUS(file.truncate(end * kEntryBytes));
  return companion_.sync();
}

}  // namespace lockstep::sql
