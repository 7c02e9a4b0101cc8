// The port Disk on a directory of a real file system.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/env/disk.h"

namespace lockstep::net {

// Files are written with pwrite and made durable with fdatasync, names with fsync of their directory. Called
// from several lanes at once; each file belongs to one.
class PosixDisk final : public env::Disk {
 public:
  // `root` exists; empty: every call is refused.
  explicit PosixDisk(std::string root) : root_(std::move(root)) {}

  Result<std::unique_ptr<env::File>> open(std::string_view path, env::OpenMode mode) override;
  Result<bool> exists(std::string_view path) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status remove(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view directory) override;
  Status sync_dir(std::string_view directory) override;

  // The process is over: every call from now on answers kGone.
  void abandon() { gone_.store(true, std::memory_order_release); }
  // Syncs of files and directories so far.
  std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }

 private:
  class PosixFile;

  // The path in the file system; kInvalidArgument if it would lead out of the root.
  Result<std::string> locate(std::string_view path) const;
  Status alive() const;

  std::string root_;
  std::atomic<bool> gone_{false};
  std::atomic<std::uint64_t> syncs_{0};
};

}  // namespace lockstep::net
