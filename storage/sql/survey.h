// What a database is asked before it is used: whether its files still hold what they held, as far as that is
// cheap.
#pragma once

#include <string>
#include <string_view>

#include "base/env/disk.h"
#include "base/result.h"
#include "storage/sql/wal_index.h"
#include "storage/sql/watermark.h"

namespace lockstep::sql {

// kCorrupt, by name: what is missing or damaged, and what can be done. Beyond this, damage is found when a
// page is read.
class Survey {
 public:
  // `is_the_record`: nothing else holds what is in the database. Otherwise a log may bring back what a WAL
  // has lost, and the whole database, if it reaches back to the beginning.
  Survey(env::Disk& disk, std::string path, bool is_the_record)
      : disk_(disk), path_(std::move(path)), is_the_record_(is_the_record) {}

  // Before SQLite opens the files. A database that is to be made again has no mark any more.
  Status before_opening(Watermark& watermark) const;
  // When SQLite has recovered the WAL, and before it writes: looks at the ends of both files and at the first
  // pages of the main file, 64 MiB of them. A mark of a WAL that is void is taken back.
  Status after_recovery(SharedFile& shared, Watermark& watermark) const;
  // What SQLite has said about a damaged file, with its name and what can be done.
  Error explained(const Error& error) const;

 private:
  Status refuse_lost_main(std::uint64_t wal_bytes) const;
  Status look_at_length(std::uint64_t bytes) const;
  Status look_at_wal(const WalIndex::Committed& found, const Mark& mark) const;
  Status look_at_pages(SharedFile& shared) const;
  std::unexpected<Error> damaged(const std::string& file, std::string_view sentence) const;

  env::Disk& disk_;
  std::string path_;
  bool is_the_record_;
};

}  // namespace lockstep::sql
