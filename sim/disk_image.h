// The simulated disk of one process: timeless, synchronous, and honest about what power loss may leave.
//
// The crash model
//  1. File::sync makes every byte written to that file before it, and the file's size, survive power
//     loss. It does not make the file's name survive: that is sync_dir's promise for the names directly
//     in one directory.
//  2. At power loss each sector (4096 bytes) written since the last sync is kept, lost (its last synced
//     contents return) or torn: a mixture of old and new units of 512 bytes, one of them cut at a byte. A
//     whole file is drawn as all kept, all lost, a prefix in the order of writing (its last sector torn),
//     or sector by sector.
//  3. The unsynced size is drawn too: old, new, or when growing anything between. Bytes of lost sectors
//     inside the surviving size are zeros, or what was synced there.
//  4. Powersafe overwrite is kept: unsynced writing never changes synced bytes outside the written
//     ranges.
//  5. An unsynced create, rename or remove is kept or lost: all, none, a prefix in order, or each by
//     itself, but operations on one name survive only in order. So a created file may be missing, a
//     removed one may come back, a rename may not have happened. A rename is atomic: the file is found
//     under exactly one of the two names. Directories themselves need no sync.
//  6. The death of the process alone loses nothing: the system's cache survives it, still unsynced.
//  7. A sync that fails (an injected fault) decides the fate of the unsynced sectors at once, as power
//     loss would, and the file is poisoned until the process dies: what was not durable then is not there
//     to be synced again.
//  8. A lying sync (an injected fault) answers OK and makes nothing durable. A later honest one makes up for
//  it.
//  9. A misdirected write (an injected fault) changes, durably or not like any other, a drawn sector of the
//  same
//     file in place of the right one; a phantom write changes nothing. Both answer OK.
// 10. Handles and calls are of the process that made them: after its death every call on an old handle is
//     kGone.
//
// Every draw is keyed by (seed, number of the power loss, file in order of creation, sector).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/env/disk.h"
#include "sim/file_bytes.h"

namespace lockstep::sim {

enum class DiskOperation : std::uint8_t {
  kOpen,
  kExists,
  kRename,
  kRemove,
  kList,
  kSyncDir,
  kRead,
  kWrite,
  kTruncate,
  kSize,
  kSync,
};  // events number them from 1

struct DiskCall {
  DiskOperation operation;
  std::string_view path;  // of the file when it was opened, or the directory
  std::uint64_t offset = 0;
  std::uint64_t size = 0;      // bytes to read or write, or the new size
  std::uint64_t growth = 0;    // bytes by which the file gets longer
  bool can_misdirect = false;  // of a write: the file has another place for it
};

enum class DiskFault : std::uint8_t {
  kNone,
  kIo,         // kIo; a failed write has written any prefix; a failed sync poisons (kPoisoned)
  kNoSpace,    // kNoSpace, otherwise as kIo
  kLie,        // syncs only: OK without effect; of any other call the same as kNone
  kGone,       // the process is dead already: kGone, no effect
  kMisdirect,  // writes only: OK, and other bytes of the file are overwritten
  kPhantom,    // writes only: OK without effect
};

// Asked before every call has an effect.
class DiskFaults {
 public:
  virtual ~DiskFaults() = default;
  virtual DiskFault on_call(const DiskCall& call) = 0;
};

struct DiskCounters {
  std::uint64_t reads = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t writes = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t syncs = 0;
  std::uint64_t directory_syncs = 0;
  std::uint64_t faults = 0;
};

// Outlives the handles it gave out.
class DiskImage final : public env::Disk {
 public:
  explicit DiskImage(std::uint64_t seed) : seed_(seed) {}

  Result<std::unique_ptr<env::File>> open(std::string_view path, env::OpenMode mode) override;
  Result<bool> exists(std::string_view path) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status remove(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view directory) override;
  Status sync_dir(std::string_view directory) override;

  // Handles die, the system's cache stays.
  void process_crash();
  // Handles die and everything unsynced meets its fate.
  void power_loss();
  // A new, empty device.
  void wipe();

  // nullptr: none. Outlives its use here.
  void set_faults(DiskFaults* faults) { faults_ = faults; }
  // Told when what a sync had said was durable, and lied, is lost: with the power, or in a sync that fails. `files`: how
  // many of them, with directories as one. None is allowed.
  void set_on_forgot(std::function<void(std::uint64_t files)> on_forgot) { on_forgot_ = std::move(on_forgot); }
  // Silent damage: flips the bits of `mask` in one byte of a file that exists and is longer (checked).
  void flip(std::string_view path, std::uint64_t offset, unsigned char mask);
  // Up to `count` bytes of the files there (env::is_within()), drawn uniformly by `seed`; none if there are no bytes.
  struct Place {
    std::string path;
    std::uint64_t offset;
  };
  std::vector<Place> draw_places(std::string_view where, std::uint64_t count, std::uint64_t seed) const;

  const DiskCounters& counters() const { return counters_; }

 private:
  class Handle;
  void forget(std::uint64_t files) const {
    if (files > 0 && on_forgot_) on_forgot_(files);
  }
  using Names = std::map<std::string, std::shared_ptr<FileBytes>, std::less<>>;
  // A name operation that no sync_dir has covered. Create: `from` empty; remove: `to` empty.
  struct NameChange {
    std::string from;
    std::string to;
    std::shared_ptr<FileBytes> file;
    bool is_promised = false;  // by a sync_dir that lied

    bool is_in(std::string_view directory) const;
    bool shares_a_name_with(const NameChange& other) const;
    void apply(Names& names) const;
  };

  // Asks for a fault. An answer other than OK is the call's; `silent` gets a fault that answers OK.
  Status refusal(const DiskCall& call, DiskFault* silent = nullptr);
  void change(NameChange change);
  std::vector<bool> covered_by_sync_of(std::string_view directory) const;
  void lose_names(std::uint64_t loss_seed);

  std::uint64_t seed_;
  std::uint64_t generation_ = 1;
  std::uint64_t power_losses_ = 0;
  std::uint64_t failed_syncs_ = 0;
  std::uint64_t misdirected_ = 0;
  std::uint64_t next_file_ = 1;
  std::function<void(std::uint64_t files)> on_forgot_;
  DiskFaults* faults_ = nullptr;
  DiskCounters counters_;
  SectorPool pool_;  // outlives every file below
  Names names_;
  Names durable_names_;
  std::vector<NameChange> pending_;  // oldest first
};

}  // namespace lockstep::sim
