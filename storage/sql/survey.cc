// Sizes first, then the WAL against the mark, then the seals of pages.
#include "storage/sql/survey.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/env/paths.h"
#include "base/text.h"
#include "storage/sql/database.h"
#include "storage/sql/seal_file.h"

namespace lockstep::sql {
namespace {

constexpr std::uint64_t kSurveyedBytes = 64 << 20;  // some tens of milliseconds
constexpr std::size_t kChunkBytes = 1 << 20;

std::uint32_t big_endian(BytesView bytes) {
  std::uint32_t out = 0;
  for (const char byte : bytes) out = out << 8 | static_cast<unsigned char>(byte);
  return out;
}

struct Header {
  std::uint32_t page_bytes = 0;
  std::uint64_t pages = 0;  // right where there is no WAL
};

// https://sqlite.org/fileformat.html, section 1.3.
Result<Header> read_header(env::File& file) {
  Bytes bytes(100, '\0');
  LOCKSTEP_TRY_STATUS(file.read_at(0, bytes.data(), bytes.size()));
  return Header{big_endian(BytesView(bytes).substr(16, 2)), big_endian(BytesView(bytes).substr(28, 4))};
}

}  // namespace

std::unexpected<Error> Survey::damaged(const std::string& file, std::string_view sentence) const {
  constexpr std::string_view kOfTheRecord = "Put the file back, or restore the directory whole";
  constexpr std::string_view kOfAMember =
      "Restore the directory whole, or remove the database with its -wal and its -mark: it is made again "
      "from the log, if that still begins at entry 1";
  return fail(ErrorCode::kCorrupt,
              cat(file, ": ", sentence, ". ", is_the_record_ ? kOfTheRecord : kOfAMember));
}

Error Survey::explained(const Error& error) const {
  return error.code == ErrorCode::kCorrupt ? damaged(path_, error.message).error() : error;
}

// SQLite would throw away a WAL without a database, and begin anew. The main file is durable before there is
// a WAL, so no crash leaves one alone.
Status Survey::refuse_lost_main(std::uint64_t wal_bytes) const {
  if (wal_bytes == 0) return {};
  return damaged(path_,
                 cat("expected the database, found ", wal_bytes, " bytes of its WAL (", wal_file_of(path_),
                     ") beside no main file or an empty one: the WAL alone is not the database"));
}

Status Survey::before_opening(Watermark& watermark) const {
  LOCKSTEP_TRY(bytes, env::size_of(disk_, path_));
  LOCKSTEP_TRY(wal, env::size_of(disk_, wal_file_of(path_)));
  const std::uint64_t expected = watermark.mark().main_bytes;
  if (bytes == 0 && is_the_record_) LOCKSTEP_TRY_STATUS(refuse_lost_main(wal));
  if (bytes == 0 && !is_the_record_) return watermark.mark() == Mark{} ? Status{} : watermark.fix({});
  if (bytes < expected)
    return damaged(path_,
                   cat("expected at least ", expected, " bytes, which it held durably, found ", bytes));
  return wal > 0 || bytes == 0 ? Status{} : look_at_length(bytes);
}

Status Survey::look_at_length(std::uint64_t bytes) const {
  LOCKSTEP_TRY(is_being_made, disk_.exists(path_ + "-journal"));
  if (is_being_made) return {};  // a crash has interrupted it, and SQLite begins anew
  LOCKSTEP_TRY(file, disk_.open(path_, env::OpenMode::kMustExist));
  LOCKSTEP_TRY(header, read_header(*file));
  const std::uint64_t expected = header.pages * header.page_bytes;
  if (bytes >= expected) return {};
  return damaged(path_, cat("expected ", header.pages, " pages of ", header.page_bytes, " bytes, found ",
                            bytes, " bytes"));
}

Status Survey::after_recovery(SharedFile& shared, Watermark& watermark) const {
  const WalIndex::Committed found = shared.wal_index.committed();
  LOCKSTEP_TRY_STATUS(look_at_wal(found, watermark.mark()));
  LOCKSTEP_TRY_STATUS(look_at_pages(shared));
  // SQLite takes the salts out of a torn header and begins the next WAL with them: what the mark says of the
  // former one, which is in the main file, would be asked of the new one.
  const Mark mark = watermark.mark();
  const bool is_void = mark.copied_frames > 0 && found.frames == 0 && found.salts == mark.wal_salts;
  return is_void ? watermark.fix({.main_bytes = mark.main_bytes}) : Status{};
}

// A torn end is what nobody was promised: the mark follows every sync. But pages of the main file that are
// newer than what is left of the WAL would make a state that never was.
Status Survey::look_at_wal(const WalIndex::Committed& found, const Mark& mark) const {
  const bool is_the_same = found.frames > 0 && found.salts == mark.wal_salts;
  const std::uint32_t expected =
      is_the_same ? std::max(mark.wal_frames, mark.copied_frames) : mark.wal_frames;
  if (expected == 0 || (is_the_same && found.frames >= expected)) return {};
  const std::string file = wal_file_of(path_);
  LOCKSTEP_TRY(bytes, env::size_of(disk_, file));
  std::string what = "the WAL of something else";
  if (is_the_same) what = cat(found.frames, " in transactions that are whole");
  if (found.frames == 0) what = bytes == 0 ? "no file or an empty one" : "none behind a header that is whole";
  std::string sentence = cat("expected at least ", expected, " frames, which it held durably, found ", what);
  if (mark.wal_frames == 0)
    sentence += cat(". The main file holds all of them: remove ", file, " to go on with that");
  else if (mark.copied_frames == 0 || (is_the_same && found.frames >= mark.copied_frames))
    sentence += cat(". To serve what is left, without the writes behind that, remove ", mark_file_of(path_));
  return damaged(file, sentence);
}

Status Survey::look_at_pages(SharedFile& shared) const {
  LOCKSTEP_TRY(file, disk_.open(path_, env::OpenMode::kMustExist));
  LOCKSTEP_TRY(bytes, file->size());
  const WalIndex::Committed wal = shared.wal_index.committed();
  LOCKSTEP_TRY(header, read_header(*file));
  if (header.page_bytes != kPageBytes) return {};   // not a file that this program made
  std::optional<std::vector<std::uint32_t>> newer;  // pages that the WAL holds: nobody reads these here
  const auto is_read = [&](std::uint64_t offset) {
    const std::uint64_t number = offset / kPageBytes + 1;
    if (wal.frames > 0 && number > wal.pages) return false;
    if (!newer) newer = shared.wal_index.pages_in_wal();
    return !std::ranges::binary_search(*newer, number);
  };
  Bytes chunk(kChunkBytes, '\0');
  for (std::uint64_t begin = 0; begin < std::min(bytes, kSurveyedBytes); begin += kChunkBytes) {
    LOCKSTEP_TRY(got, file->read_at(begin, chunk.data(), chunk.size()));
    for (std::size_t at = 0; at < got; at += kPageBytes) {
      const BytesView page = BytesView(chunk).substr(at, std::min(kPageBytes, got - at));
      const PageSeals::Page found =
          page.size() == kPageBytes ? shared.seals.judge(begin + at, page) : PageSeals::Page::kDamaged;
      if (found == PageSeals::Page::kSound || !is_read(begin + at)) continue;
      return damaged(path_, complaint(path_, begin + at, found));
    }
  }
  return {};
}

}  // namespace lockstep::sql
