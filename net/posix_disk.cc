// System calls and what their errors mean.
#include "net/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/text.h"
#include "net/system_error.h"

namespace lockstep::net {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Status sync_directory(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("open directory", path);
  const Status status = ::fsync(descriptor) == 0 ? Status{} : system_failure("sync directory", path);
  ::close(descriptor);
  return status;
}

// Makes every directory on the way to the file. The name of a new one is durable at once: sync_dir of it
// would make its files durable and not itself.
Status make_parents(const std::string& path, std::size_t root_size) {
  for (std::size_t slash = path.find('/', root_size + 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (::mkdir(parent.c_str(), 0750) == 0) {
      LOCKSTEP_TRY_STATUS(sync_directory(parent.substr(0, parent.rfind('/'))));
    } else if (errno != EEXIST) {
      return system_failure("make directory", parent);
    }
  }
  return {};
}

int flags_of(env::OpenMode mode) {
  constexpr int kAlways = O_RDWR | O_CLOEXEC;
  switch (mode) {
    case env::OpenMode::kMustExist: return kAlways;
    case env::OpenMode::kCreate: return kAlways | O_CREAT;
    case env::OpenMode::kCreateNew: return kAlways | O_CREAT | O_EXCL;
  }
  return kAlways;
}

}  // namespace

class PosixDisk::PosixFile final : public env::File {
 public:
  PosixFile(PosixDisk& disk, std::string path, int descriptor)
      : disk_(disk), path_(std::move(path)), descriptor_(descriptor) {}
  ~PosixFile() override { ::close(descriptor_); }

  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    LOCKSTEP_TRY_STATUS(usable());
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = ::pread(descriptor_, into + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_failure("read", path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Status write_at(std::uint64_t offset, BytesView bytes) override {
    LOCKSTEP_TRY_STATUS(usable());
    while (!bytes.empty()) {
      const ssize_t put = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put == 0) errno = ENOSPC;
      if (put <= 0) return system_failure("write", path_);
      offset += static_cast<std::uint64_t>(put);
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
  }

  Status truncate(std::uint64_t size) override {
    LOCKSTEP_TRY_STATUS(usable());
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return system_failure("truncate", path_);
    return {};
  }

  Result<std::uint64_t> size() override {
    LOCKSTEP_TRY_STATUS(usable());
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) return system_failure("look at", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Status sync() override {
    LOCKSTEP_TRY_STATUS(usable());
    disk_.syncs_.fetch_add(1, std::memory_order_relaxed);
    if (::fdatasync(descriptor_) == 0) return {};
    // The kernel may have dropped the dirty pages: a second attempt would report success for data that is
    // gone.
    poisoned_ = true;
    return fail(ErrorCode::kPoisoned, system_failure("sync", path_).error().message);
  }

 private:
  Status usable() const {
    LOCKSTEP_TRY_STATUS(disk_.alive());
    if (poisoned_) return fail(ErrorCode::kPoisoned, cat("an earlier sync of ", path_, " failed"));
    return {};
  }

  PosixDisk& disk_;
  std::string path_;
  int descriptor_;
  bool poisoned_ = false;
};

Result<std::unique_ptr<env::File>> PosixDisk::open(std::string_view path, env::OpenMode mode) {
  LOCKSTEP_TRY_STATUS(alive());
  LOCKSTEP_TRY(where, locate(path));
  if (mode != env::OpenMode::kMustExist) LOCKSTEP_TRY_STATUS(make_parents(where, root_.size()));
  const int descriptor = ::open(where.c_str(), flags_of(mode), 0640);
  if (descriptor < 0) return system_failure("open", where);
  return std::make_unique<PosixFile>(*this, std::move(where), descriptor);
}

Result<bool> PosixDisk::exists(std::string_view path) {
  LOCKSTEP_TRY_STATUS(alive());
  LOCKSTEP_TRY(where, locate(path));
  struct stat status{};
  if (::stat(where.c_str(), &status) == 0) {
    if (S_ISREG(status.st_mode)) return true;
    return fail(ErrorCode::kRefused, cat("cannot use ", where, ": it is not a file"));
  }
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return system_failure("look at", where);
}

Status PosixDisk::rename(std::string_view from, std::string_view to) {
  LOCKSTEP_TRY_STATUS(alive());
  LOCKSTEP_TRY(source, locate(from));
  LOCKSTEP_TRY(target, locate(to));
  LOCKSTEP_TRY_STATUS(make_parents(target, root_.size()));
  if (::rename(source.c_str(), target.c_str()) != 0) return system_failure("rename", source);
  return {};
}

Status PosixDisk::remove(std::string_view path) {
  LOCKSTEP_TRY_STATUS(alive());
  LOCKSTEP_TRY(where, locate(path));
  if (::unlink(where.c_str()) != 0) return system_failure("remove", where);
  return {};
}

Result<std::vector<std::string>> PosixDisk::list(std::string_view directory) {
  LOCKSTEP_TRY_STATUS(alive());
  LOCKSTEP_TRY(where, locate(directory));
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> open(::opendir(where.c_str()));
  if (!open) {
    if (errno == ENOENT) return names;  // directories appear with their first file
    return system_failure("list", where);
  }
  errno = 0;
  while (const dirent* entry = ::readdir(open.get())) {
    struct stat status{};
    const std::string path = cat(where, "/", std::string_view(entry->d_name));
    if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) names.emplace_back(entry->d_name);
    errno = 0;
  }
  if (errno != 0) return system_failure("list", where);
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixDisk::sync_dir(std::string_view directory) {
  LOCKSTEP_TRY_STATUS(alive());
  LOCKSTEP_TRY(where, locate(directory));
  if (::access(where.c_str(), F_OK) != 0 && errno == ENOENT) return {};  // nothing in it to make durable
  syncs_.fetch_add(1, std::memory_order_relaxed);
  return sync_directory(where);
}

Result<std::string> PosixDisk::locate(std::string_view path) const {
  if (root_.empty()) return fail(ErrorCode::kRefused, "this process has no data directory");
  if (path.starts_with('/') || path == ".." || path.starts_with("../") || path.find("/../") != path.npos ||
      path.ends_with("/..") || path.find('\0') != path.npos)
    return fail(ErrorCode::kInvalidArgument, cat("expected a path inside the data directory, found ", path));
  return path.empty() ? root_ : cat(root_, "/", path);
}

Status PosixDisk::alive() const {
  if (gone_.load(std::memory_order_acquire)) return fail(ErrorCode::kGone, "the process is over");
  return {};
}

}  // namespace lockstep::net
