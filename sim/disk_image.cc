// Names, handles and faults of the simulated disk; the bytes are in sim/file_bytes.cc.
#include "sim/disk_image.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/env/paths.h"
#include "base/prng.h"

namespace lockstep::sim {
namespace {

constexpr Purpose kPowerLoss{"sim.disk.power_loss"};
constexpr Purpose kFailedSync{"sim.disk.failed_sync"};
constexpr Purpose kFailedWrite{"sim.disk.failed_write"};
constexpr Purpose kMisdirected{"sim.disk.misdirected"};
constexpr Purpose kPlace{"sim.disk.place"};
constexpr Purpose kNamesFate{"sim.disk.names_fate"};
constexpr Purpose kFirstLostName{"sim.disk.first_lost_name"};
constexpr Purpose kNameFate{"sim.disk.name_fate"};

enum class NamesFate : std::uint64_t { kAllKept, kAllLost, kPrefixKept, kEachAlone };
constexpr std::uint64_t kNamesFates = 4;

bool is_path(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

Status check_path(std::string_view path) {
  if (is_path(path)) return {};
  return fail(ErrorCode::kInvalidArgument,
              cat("expected a relative path of non-empty parts without '.' and '..', found '", path, "'"));
}

Status gone() { return fail(ErrorCode::kGone, "the process that opened this file is dead"); }

}  // namespace

class DiskImage::Handle final : public env::File {
 public:
  Handle(DiskImage& disk, std::string path, std::shared_ptr<FileBytes> file)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)), generation_(disk.generation_) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    LOCKSTEP_TRY_STATUS(usable({DiskOperation::kRead, path_, offset, size}));
    const std::size_t count = file_->read(offset, into, size);
    ++disk_.counters_.reads;
    disk_.counters_.bytes_read += count;
    return count;
  }

  Status write_at(std::uint64_t offset, BytesView bytes) override {
    DiskFault silent = DiskFault::kNone;
    const std::uint64_t end = offset + bytes.size();
    const Status status = usable({.operation = DiskOperation::kWrite,
                                  .path = path_,
                                  .offset = offset,
                                  .size = bytes.size(),
                                  .growth = end - std::min(end, file_->size()),
                                  .can_misdirect = has_another_place(offset, bytes.size())},
                                 &silent);
    if (!status && (status.error().code == ErrorCode::kIo || status.error().code == ErrorCode::kNoSpace)) {
      const std::uint64_t bits = draw(disk_.seed_, kFailedWrite, disk_.counters_.faults, offset);
      file_->write(offset, bytes.substr(0, below(bits, bytes.size() + 1)));
    }
    if (!status) return status;
    if (silent == DiskFault::kMisdirect) file_->write(another_place(offset, bytes.size()), bytes);
    if (silent != DiskFault::kMisdirect && silent != DiskFault::kPhantom) file_->write(offset, bytes);
    ++disk_.counters_.writes;
    disk_.counters_.bytes_written += bytes.size();
    return {};
  }

  Status truncate(std::uint64_t size) override {
    LOCKSTEP_TRY_STATUS(usable({DiskOperation::kTruncate, path_, 0, size}));
    file_->truncate(size);
    return {};
  }

  Result<std::uint64_t> size() override {
    LOCKSTEP_TRY_STATUS(usable({DiskOperation::kSize, path_}));
    return file_->size();
  }

  Status sync() override {
    DiskFault silent = DiskFault::kNone;
    const Status status = usable({DiskOperation::kSync, path_}, &silent);
    if (status) {
      if (silent == DiskFault::kLie) {
        file_->promise();
      } else {
        file_->sync();
      }
      ++disk_.counters_.syncs;
      return {};
    }
    if (status.error().code != ErrorCode::kIo && status.error().code != ErrorCode::kNoSpace) return status;
    const bool had_promised = file_->is_promised();
    file_->lose_unsynced(draw(disk_.seed_, kFailedSync, ++disk_.failed_syncs_, 0));
    file_->poisoned = true;
    disk_.forget(had_promised ? 1 : 0);
    return poisoned();
  }

 private:
  Status poisoned() const {
    return fail(ErrorCode::kPoisoned, cat("a sync of '", path_, "' failed: crash and recover"));
  }

  Status usable(const DiskCall& call, DiskFault* silent = nullptr) {
    if (generation_ != disk_.generation_) return gone();
    if (file_->poisoned) return poisoned();
    return disk_.refusal(call, silent);
  }

  // Whole sectors away from the right place, inside the file.
  std::uint64_t places(std::uint64_t offset, std::uint64_t size) const {
    const std::uint64_t inside = offset % kSectorBytes + size;
    return file_->size() < inside ? 0 : (file_->size() - inside) / kSectorBytes + 1;
  }
  bool has_another_place(std::uint64_t offset, std::uint64_t size) const {
    const std::uint64_t all = places(offset, size);
    return all > 1 || (all == 1 && offset >= kSectorBytes);
  }
  std::uint64_t another_place(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t right = offset / kSectorBytes;
    const std::uint64_t all = places(offset, size);
    const std::uint64_t others = right < all ? all - 1 : all;
    std::uint64_t sector = below(draw(disk_.seed_, kMisdirected, ++disk_.misdirected_, 0), others);
    if (right < all && sector >= right) ++sector;
    return sector * kSectorBytes + offset % kSectorBytes;
  }

  DiskImage& disk_;
  std::string path_;
  std::shared_ptr<FileBytes> file_;
  std::uint64_t generation_;
};

Status DiskImage::refusal(const DiskCall& call, DiskFault* silent) {
  const DiskFault fault = faults_ == nullptr ? DiskFault::kNone : faults_->on_call(call);
  if (fault == DiskFault::kNone) return {};
  ++counters_.faults;
  switch (fault) {
    case DiskFault::kNone: break;
    case DiskFault::kIo: return fail(ErrorCode::kIo, cat("the device failed a call on '", call.path, "'"));
    case DiskFault::kNoSpace: return fail(ErrorCode::kNoSpace, cat("no space left for '", call.path, "'"));
    case DiskFault::kGone: return gone();
    case DiskFault::kLie:
    case DiskFault::kMisdirect:
    case DiskFault::kPhantom:
      if (silent != nullptr) *silent = fault;
      break;
  }
  return {};
}

Result<std::unique_ptr<env::File>> DiskImage::open(std::string_view path, env::OpenMode mode) {
  LOCKSTEP_TRY_STATUS(check_path(path));
  LOCKSTEP_TRY_STATUS(refusal({DiskOperation::kOpen, path}));
  const auto found = names_.find(path);
  if (found != names_.end() && mode == env::OpenMode::kCreateNew)
    return fail(ErrorCode::kExists, cat("expected no file '", path, "'"));
  if (found == names_.end() && mode == env::OpenMode::kMustExist)
    return fail(ErrorCode::kNotFound, cat("expected a file '", path, "'"));
  std::shared_ptr<FileBytes> file;
  if (found != names_.end()) {
    file = found->second;
  } else {
    file = std::make_shared<FileBytes>(pool_, next_file_++);
    change({.from = {}, .to = std::string(path), .file = file});
  }
  return std::make_unique<Handle>(*this, std::string(path), std::move(file));
}

Result<bool> DiskImage::exists(std::string_view path) {
  LOCKSTEP_TRY_STATUS(check_path(path));
  LOCKSTEP_TRY_STATUS(refusal({DiskOperation::kExists, path}));
  if (names_.contains(path)) return true;
  const std::string below = cat(path, "/");
  const auto in_it = names_.lower_bound(below);
  if (in_it == names_.end() || !in_it->first.starts_with(below)) return false;
  return fail(ErrorCode::kRefused, cat("cannot use '", path, "': it is not a file"));
}

Status DiskImage::rename(std::string_view from, std::string_view to) {
  LOCKSTEP_TRY_STATUS(check_path(from));
  LOCKSTEP_TRY_STATUS(check_path(to));
  LOCKSTEP_TRY_STATUS(refusal({DiskOperation::kRename, from}));
  const auto found = names_.find(from);
  if (found == names_.end()) return fail(ErrorCode::kNotFound, cat("expected a file '", from, "' to rename"));
  if (from != to) change({.from = std::string(from), .to = std::string(to), .file = found->second});
  return {};
}

Status DiskImage::remove(std::string_view path) {
  LOCKSTEP_TRY_STATUS(check_path(path));
  LOCKSTEP_TRY_STATUS(refusal({DiskOperation::kRemove, path}));
  const auto found = names_.find(path);
  if (found == names_.end()) return fail(ErrorCode::kNotFound, cat("expected a file '", path, "' to remove"));
  change({.from = std::string(path), .to = {}, .file = found->second});
  return {};
}

Result<std::vector<std::string>> DiskImage::list(std::string_view directory) {
  if (!directory.empty()) LOCKSTEP_TRY_STATUS(check_path(directory));
  LOCKSTEP_TRY_STATUS(refusal({DiskOperation::kList, directory}));
  const std::string prefix = directory.empty() ? std::string() : cat(directory, '/');
  std::vector<std::string> names;
  for (auto at = names_.lower_bound(prefix); at != names_.end() && at->first.starts_with(prefix); ++at)
    if (env::directory_of(at->first) == directory) names.push_back(at->first.substr(prefix.size()));
  return names;
}

Status DiskImage::sync_dir(std::string_view directory) {
  if (!directory.empty()) LOCKSTEP_TRY_STATUS(check_path(directory));
  DiskFault silent = DiskFault::kNone;
  LOCKSTEP_TRY_STATUS(refusal({DiskOperation::kSyncDir, directory}, &silent));
  ++counters_.directory_syncs;
  const std::vector<bool> covered = covered_by_sync_of(directory);
  if (silent == DiskFault::kLie) {
    for (std::size_t i = 0; i < pending_.size(); ++i)
      if (covered[i]) pending_[i].is_promised = true;
    return {};
  }
  std::vector<NameChange> left;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (covered[i])
      pending_[i].apply(durable_names_);
    else
      left.push_back(std::move(pending_[i]));
  }
  pending_ = std::move(left);
  return {};
}

// A change that becomes durable takes along the older ones of its names, wherever they were made.
std::vector<bool> DiskImage::covered_by_sync_of(std::string_view directory) const {
  std::vector<bool> covered(pending_.size());
  for (std::size_t i = pending_.size(); i-- > 0;) {
    covered[i] = pending_[i].is_in(directory);
    for (std::size_t later = i + 1; later < pending_.size() && !covered[i]; ++later)
      covered[i] = covered[later] && pending_[i].shares_a_name_with(pending_[later]);
  }
  return covered;
}

void DiskImage::process_crash() {
  ++generation_;
  for (const auto& [path, file] : names_) file->poisoned = false;
  for (const NameChange& change : pending_) change.file->poisoned = false;
}

void DiskImage::power_loss() {
  const std::uint64_t loss_seed = draw(seed_, kPowerLoss, ++power_losses_, 0);
  process_crash();
  std::uint64_t forgotten = std::ranges::any_of(pending_, &NameChange::is_promised) ? 1 : 0;
  for (const auto& [path, file] : names_) forgotten += file->is_promised() ? 1 : 0;
  lose_names(loss_seed);
  for (const auto& [path, file] : names_) file->lose_unsynced(loss_seed);
  forget(forgotten);
}

void DiskImage::wipe() {
  ++generation_;
  pending_.clear();
  durable_names_.clear();
  names_.clear();
}

std::vector<DiskImage::Place> DiskImage::draw_places(std::string_view where, std::uint64_t count,
                                                     std::uint64_t seed) const {
  std::vector<Names::const_iterator> files;
  std::uint64_t total = 0;
  for (auto at = names_.begin(); at != names_.end(); ++at) {
    if (!env::is_within(at->first, where)) continue;
    files.push_back(at);
    total += at->second->size();
  }
  std::vector<Place> places;
  for (std::uint64_t drawn = 0; drawn < count && total > 0; ++drawn) {
    std::uint64_t offset = below(draw(seed, kPlace, 0, drawn), total);
    auto file = files.begin();
    for (; offset >= (*file)->second->size(); ++file) offset -= (*file)->second->size();
    places.push_back({(*file)->first, offset});
  }
  return places;
}

void DiskImage::flip(std::string_view path, std::uint64_t offset, unsigned char mask) {
  const auto found = names_.find(path);
  CHECK(found != names_.end(), "no file '", path, "'");
  found->second->flip(offset, mask);
}

void DiskImage::change(NameChange change) {
  change.apply(names_);
  pending_.push_back(std::move(change));
}

void DiskImage::lose_names(std::uint64_t loss_seed) {
  const auto fate = NamesFate{below(draw(loss_seed, kNamesFate, 0, 0), kNamesFates)};
  const std::uint64_t first_lost = below(draw(loss_seed, kFirstLostName, 0, 0), pending_.size() + 1);
  std::vector<const NameChange*> lost;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const NameChange& change = pending_[i];
    bool survives = fate == NamesFate::kAllKept;
    if (fate == NamesFate::kPrefixKept) survives = i < first_lost;
    if (fate == NamesFate::kEachAlone) survives = (draw(loss_seed, kNameFate, 0, i) & 1) != 0;
    const bool follows_a_lost_one = std::any_of(lost.begin(), lost.end(), [&](const NameChange* earlier) {
      return change.shares_a_name_with(*earlier);
    });
    if (survives && !follows_a_lost_one)
      change.apply(durable_names_);
    else
      lost.push_back(&change);
  }
  pending_.clear();
  names_ = durable_names_;
}

bool DiskImage::NameChange::is_in(std::string_view directory) const {
  return (!from.empty() && env::directory_of(from) == directory) || (!to.empty() && env::directory_of(to) == directory);
}

bool DiskImage::NameChange::shares_a_name_with(const NameChange& other) const {
  const auto touches = [&other](const std::string& name) {
    return !name.empty() && (name == other.from || name == other.to);
  };
  return touches(from) || touches(to);
}

void DiskImage::NameChange::apply(Names& names) const {
  if (!from.empty()) names.erase(from);
  if (!to.empty()) names[to] = file;
}

}  // namespace lockstep::sim
