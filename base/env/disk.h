// Port: files of one process. Blocking, so it is called from lanes only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lockstep::env {

// An open file. Any call of a dead process returns kGone; a failed device kIo; a full one kNoSpace.
class File {
 public:
  virtual ~File() = default;
  // Reads up to `size` bytes from `offset` into `into`; fewer only at the end of the file (then
  // the number read is returned; 0 at or past the end).
  virtual Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) = 0;
  // All bytes or an error; after an error any part of them may have been written. Extends the file.
  virtual Status write_at(std::uint64_t offset, BytesView bytes) = 0;
  virtual Status truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
  // When it returns OK, every byte written to this file before the call survives power loss.
  // Until then each touched sector may be found old, new or torn. Once a sync has failed, this and
  // every later call on the file is kPoisoned: crash and recover, never retry.
  virtual Status sync() = 0;
};

enum class OpenMode {
  kMustExist,   // kNotFound if it does not
  kCreate,      // created empty if it does not exist
  kCreateNew,   // kExists if it does
};

// One process's directory tree. Paths are relative, parts separated by '/', no "..". Parent
// directories are made as needed.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) = 0;
  // kRefused: something is there that is no file.
  virtual Result<bool> exists(std::string_view path) = 0;
  // Replaces `to` atomically. Durable only after sync_dir of the directory.
  virtual Status rename(std::string_view from, std::string_view to) = 0;
  // kNotFound if it does not exist. Durable only after sync_dir. An open handle stays usable.
  virtual Status remove(std::string_view path) = 0;
  // Names (not paths) of the files directly in `directory` ("" is the root), sorted bytewise.
  virtual Result<std::vector<std::string>> list(std::string_view directory) = 0;
  // When it returns OK, every create, rename and remove in `directory` before the call survives power loss.
  virtual Status sync_dir(std::string_view directory) = 0;
};

}  // namespace lockstep::env
