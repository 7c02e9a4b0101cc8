// A file kept beside the database, which is made when there is first something to write down.
#pragma once

#include <memory>
#include <string>

#include "base/env/disk.h"
#include "base/result.h"

namespace lockstep::sql {

// Belongs to the lane that writes.
class Companion {
 public:
  Companion(env::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  // False: it does not exist.
  Result<bool> open();
  Status make();
  // Once it was opened or made.
  env::File& file() { return *file_; }
  // The first one makes the name durable, too: the incarnation before may have been killed before it did.
  Status sync();
  // One that was not opened, if it exists; for good.
  Status remove();

 private:
  Status sync_name();

  env::Disk& disk_;
  std::string path_;
  std::unique_ptr<env::File> file_;
  bool name_synced_ = false;
};

}  // namespace lockstep::sql
