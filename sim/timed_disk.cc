// The decorator over the ports Disk and File.
#include "sim/timed_disk.h"

#include "base/prng.h"

namespace lockstep::sim {
namespace {

constexpr Purpose kDiskLatency{"sim.disk.latency"};

}  // namespace

class TimedDisk::TimedFile final : public env::File {
 public:
  TimedFile(TimedDisk& disk, std::string_view path, std::unique_ptr<env::File> file)
      : disk_(disk), path_(path), file_(std::move(file)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    LOCKSTEP_TRY_STATUS(disk_.wait(disk_.profile_.read, {DiskOperation::kRead, path_, offset, size}));
    return file_->read_at(offset, into, size);
  }
  Status write_at(std::uint64_t offset, BytesView bytes) override {
    LOCKSTEP_TRY_STATUS(
        disk_.wait(disk_.profile_.write, {DiskOperation::kWrite, path_, offset, bytes.size()}));
    return file_->write_at(offset, bytes);
  }
  Status truncate(std::uint64_t size) override {
    LOCKSTEP_TRY_STATUS(disk_.wait(disk_.profile_.write, {DiskOperation::kTruncate, path_, 0, size}));
    return file_->truncate(size);
  }
  Result<std::uint64_t> size() override {
    LOCKSTEP_TRY_STATUS(disk_.lanes_.pass_time(Duration{}));
    return file_->size();
  }
  Status sync() override {
    LOCKSTEP_TRY_STATUS(disk_.wait(disk_.profile_.sync, {DiskOperation::kSync, path_}));
    const Status status = file_->sync();
    disk_.host_.on_file_synced(disk_.lanes_.running(), path_, status.has_value());
    return status;
  }

 private:
  TimedDisk& disk_;
  std::string path_;
  std::unique_ptr<env::File> file_;
};

Result<std::unique_ptr<env::File>> TimedDisk::open(std::string_view path, env::OpenMode mode) {
  LOCKSTEP_TRY_STATUS(wait(profile_.name, {DiskOperation::kOpen, path}));
  LOCKSTEP_TRY(file, disk_.open(path, mode));
  return std::make_unique<TimedFile>(*this, path, std::move(file));
}

Result<bool> TimedDisk::exists(std::string_view path) {
  LOCKSTEP_TRY_STATUS(wait(profile_.name, {DiskOperation::kExists, path}));
  return disk_.exists(path);
}

Status TimedDisk::rename(std::string_view from, std::string_view to) {
  LOCKSTEP_TRY_STATUS(wait(profile_.name, {DiskOperation::kRename, from}));
  return disk_.rename(from, to);
}

Status TimedDisk::remove(std::string_view path) {
  LOCKSTEP_TRY_STATUS(wait(profile_.name, {DiskOperation::kRemove, path}));
  return disk_.remove(path);
}

Result<std::vector<std::string>> TimedDisk::list(std::string_view directory) {
  LOCKSTEP_TRY_STATUS(wait(profile_.name, {DiskOperation::kList, directory}));
  return disk_.list(directory);
}

Status TimedDisk::sync_dir(std::string_view directory) {
  LOCKSTEP_TRY_STATUS(wait(profile_.sync, {DiskOperation::kSyncDir, directory}));
  const Status status = disk_.sync_dir(directory);
  host_.on_directory_synced(lanes_.running(), directory, status.has_value());
  return status;
}

Status TimedDisk::wait(const Latency& latency, const DiskCall& call) {
  const Duration usual = latency.from(draw(seed_, kDiskLatency, 0, calls_++));
  return lanes_.pass_time(usual + host_.extra_wait(call));
}

}  // namespace lockstep::sim
