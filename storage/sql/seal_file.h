// The seals that the pages of the main file have to have, kept beside it: a seal in the page itself cannot
// tell that a later write of the page never happened (docs/format/pages.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/env/disk.h"
#include "base/result.h"
#include "storage/sql/companion.h"
#include "storage/sql/page_seals.h"

namespace lockstep::sql {

std::string seal_file_of(const std::string& database);
// Of a page that is not sound: what is wrong, and what can be done.
std::string complaint(const std::string& database, std::uint64_t offset, PageSeals::Page found);

// Belongs to the lane that writes.
class SealFile {
 public:
  // Puts into `seals` what is known of the pages that the main file has. Where that is empty the seals are of
  // another file that is gone, and go, too.
  static Result<std::unique_ptr<SealFile>> open(env::Disk& disk, const std::string& database,
                                                PageSeals& seals);

  // Before the WAL that holds the same pages may go: what was sealed since the last time is durable when it
  // returns.
  Status save();

 private:
  SealFile(env::Disk& disk, std::string path, PageSeals& seals)
      : companion_(disk, std::move(path)), seals_(seals) {}
  Status load(std::uint64_t pages);

  Companion companion_;
  PageSeals& seals_;
};

}  // namespace lockstep::sql
