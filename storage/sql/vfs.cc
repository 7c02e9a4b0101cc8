// The VFS methods. Each failure of the disk is recorded in the lane, so that it is never taken for a
// statement's own.
#include "storage/sql/vfs.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <new>

#include "base/check.h"
#include "base/env/paths.h"
#include "storage/sql/database.h"
#include "storage/sql/seal_file.h"
#include "storage/sql/watermark.h"

namespace lockstep::sql {
namespace {

constexpr Purpose kSqliteRandomness{"sql.sqlite_randomness"};

// SQLite's generator is one per process; so is what seeds it.
std::atomic<std::uint64_t> randomness_seed{0};
std::atomic<std::uint64_t> randomness_ordinal{0};

int fault(Lane& lane, const Error& error, int code) {
  if (!lane.fault) lane.fault = error;
  return error.code == ErrorCode::kNoSpace ? SQLITE_FULL : code;
}

Lane& lane_of(sqlite3_vfs* vfs) { return *static_cast<Lane*>(vfs->pAppData); }

// Around whatever may suspend the lane.
class Waits {
 public:
  explicit Waits(Lane& lane) : lane_(lane), counted_(AllocatesFor::now(lane)) {}
  ~Waits() {
    if (counted_) AllocatesFor::again(lane_);
  }
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

 private:
  Lane& lane_;
  bool counted_;
};

enum class FileKind : std::uint8_t { kDatabase, kWal, kOther };

FileKind kind_of(int flags) {
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) return FileKind::kDatabase;
  return (flags & SQLITE_OPEN_WAL) != 0 ? FileKind::kWal : FileKind::kOther;
}

// SQLite allocates these bytes and begins them with its own structure.
struct OpenFile {
  sqlite3_file base;
  FileKind kind;
  Lane* lane;
  env::File* file;    // owned; freed in close_file
  std::string* path;  // owned
  bool names_synced;  // the first sync of a handle also makes the file's name durable
  int lock_level;     // SQLITE_LOCK_*
  bool index_mapped;
  std::uint8_t shared_slots;  // bit i: this connection shares slot i of the WAL index
  std::uint8_t exclusive_slots;
};

OpenFile& open_file_of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }

// Every directory on the way, as the disk makes parents on its own and promises none of their names.
Status sync_directories(env::Disk& disk, std::string_view path) {
  while (true) {
    const std::string_view parent = env::directory_of(path);
    LOCKSTEP_TRY_STATUS(disk.sync_dir(parent));
    if (parent.empty()) return {};
    path = parent;
  }
}

void unlock_to(OpenFile& open, int level) {
  FileLock& lock = open.lane->shared.lock;
  if (open.lock_level == SQLITE_LOCK_EXCLUSIVE) {
    lock.unexclude();
    open.lock_level = SQLITE_LOCK_SHARED;
  } else if (open.lock_level == SQLITE_LOCK_RESERVED) {
    lock.unreserve();
    open.lock_level = SQLITE_LOCK_SHARED;
  }
  if (level == SQLITE_LOCK_NONE && open.lock_level == SQLITE_LOCK_SHARED) {
    lock.unshare();
    open.lock_level = SQLITE_LOCK_NONE;
  }
}

int close_file(sqlite3_file* file) {
  OpenFile& open = open_file_of(file);
  unlock_to(open, SQLITE_LOCK_NONE);
  delete open.file;
  delete open.path;
  return SQLITE_OK;
}

PageSeals::Page judge(OpenFile& open, std::uint64_t offset, BytesView bytes) {
  PageSeals& seals = open.lane->shared.seals;
  if (open.kind == FileKind::kDatabase) return seals.judge(offset, bytes);
  const bool is_sound = open.kind != FileKind::kWal || seals.note_wal_read(offset, bytes);
  return is_sound ? PageSeals::Page::kSound : PageSeals::Page::kDamaged;
}

// Of a read that came short. SQLite takes what is missing for zeros, which is right only where nothing was
// ever written: behind the end of what is known to be there, in whole pages.
bool is_lost(const OpenFile& open, std::uint64_t offset, std::size_t got, std::size_t wanted) {
  if (open.kind != FileKind::kDatabase) return false;
  return got > 0 || offset + wanted <= open.lane->shared.main_bytes.load(std::memory_order_acquire);
}

// The node stops for it.
int found_damage(const OpenFile& open, const std::string& what) {
  std::string database = *open.path;
  if (open.kind == FileKind::kWal) database.resize(database.size() - kWalEnd.size());
  make_mark_durable(open.lane->disk, database);
  return fault(*open.lane, {ErrorCode::kCorrupt, cat("'", *open.path, "' is damaged: ", what)}, SQLITE_IOERR_DATA);
}

int read_file(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  OpenFile& open = open_file_of(file);
  const Waits waits(*open.lane);
  const auto wanted = static_cast<std::size_t>(size);
  const auto got = open.file->read_at(static_cast<std::uint64_t>(offset), static_cast<char*>(into), wanted);
  if (!got) return fault(*open.lane, got.error(), SQLITE_IOERR_READ);
  const auto at = static_cast<std::uint64_t>(offset);
  if (*got == wanted) {
    const PageSeals::Page found = judge(open, at, BytesView(static_cast<char*>(into), wanted));
    if (found == PageSeals::Page::kSound) return SQLITE_OK;
    return found_damage(open, complaint(*open.path, at, found));
  }
  if (is_lost(open, at, *got, wanted))
    return found_damage(open, cat("it ends before the end of the page at offset ", at));
  std::memset(static_cast<char*>(into) + *got, 0, wanted - *got);
  return SQLITE_IOERR_SHORT_READ;
}

int refuse_long_wal(Lane& lane, int code) {
  return fault(lane, Error{ErrorCode::kTooLarge, "the WAL has more frames than its index can hold"}, code);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  OpenFile& open = open_file_of(file);
  const Waits waits(*open.lane);
  BytesView bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
  const auto at = static_cast<std::uint64_t>(offset);
  SharedFile& shared = open.lane->shared;
  PageSeals& seals = shared.seals;
  // SQLite writes all frames of a transaction before it asks for their place in the index; once they are in the file
  // it wants that place whenever it recovers, too.
  if (open.kind == FileKind::kWal && at + bytes.size() > shared.wal_index.most_wal_bytes())
    return refuse_long_wal(*open.lane, SQLITE_IOERR_WRITE);
  if (open.kind == FileKind::kWal) seals.note_wal_write(at, bytes);
  if (open.kind == FileKind::kDatabase) bytes = seals.seal(at, bytes, open.lane->page);
  const Status written = open.file->write_at(at, bytes);
  return written ? SQLITE_OK : fault(*open.lane, written.error(), SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  OpenFile& open = open_file_of(file);
  const Waits waits(*open.lane);
  if (open.kind == FileKind::kDatabase)
    open.lane->shared.seals.forget_from(static_cast<std::uint64_t>(size) / kPageBytes);
  const Status done = open.file->truncate(static_cast<std::uint64_t>(size));
  return done ? SQLITE_OK : fault(*open.lane, done.error(), SQLITE_IOERR_TRUNCATE);
}

int sync_file(sqlite3_file* file, int) {
  OpenFile& open = open_file_of(file);
  const Waits waits(*open.lane);
  if (const Status done = open.file->sync(); !done)
    return fault(*open.lane, done.error(), SQLITE_IOERR_FSYNC);
  if (open.names_synced) return SQLITE_OK;
  if (const Status done = sync_directories(open.lane->disk, *open.path); !done)
    return fault(*open.lane, done.error(), SQLITE_IOERR_DIR_FSYNC);
  open.names_synced = true;
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* out) {
  OpenFile& open = open_file_of(file);
  const Waits waits(*open.lane);
  const auto size = open.file->size();
  if (!size) return fault(*open.lane, size.error(), SQLITE_IOERR_FSTAT);
  *out = static_cast<sqlite3_int64>(*size);
  return SQLITE_OK;
}

int lock_file(sqlite3_file* file, int level) {
  OpenFile& open = open_file_of(file);
  if (open.lane->fault) return SQLITE_IOERR_LOCK;  // a dead process must not begin anything
  if (open.lock_level >= level) return SQLITE_OK;
  FileLock& lock = open.lane->shared.lock;
  bool got = false;
  switch (level) {
    case SQLITE_LOCK_SHARED: got = lock.try_share(); break;
    case SQLITE_LOCK_RESERVED: got = lock.try_reserve(); break;
    default: got = lock.try_exclude(open.lock_level == SQLITE_LOCK_RESERVED); break;
  }
  if (!got) return SQLITE_BUSY;
  open.lock_level = level;
  return SQLITE_OK;
}

int unlock_file(sqlite3_file* file, int level) {
  unlock_to(open_file_of(file), level);
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file* file, int* out) {
  *out = open_file_of(file).lane->shared.lock.reserved() ? 1 : 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
// The disk's promise: writing some bytes never damages the synced bytes beside them.
int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int map_index(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  OpenFile& open = open_file_of(file);
  CHECK(size == static_cast<int>(WalIndex::kRegionBytes), "SQLite asked for a region of ", size);
  WalIndex& index = open.lane->shared.wal_index;
  if (!open.index_mapped) {
    index.attach();
    open.index_mapped = true;
  }
  *out = index.region(static_cast<std::size_t>(region), extend != 0);
  if (*out == nullptr && extend != 0)
    return refuse_long_wal(*open.lane, SQLITE_IOERR_SHMSIZE);
  return SQLITE_OK;
}

int lock_index(sqlite3_file* file, int first, int count, int flags) {
  OpenFile& open = open_file_of(file);
  WalIndex& index = open.lane->shared.wal_index;
  const auto slot = static_cast<std::size_t>(first);
  const auto slots = static_cast<std::size_t>(count);
  const auto mask = static_cast<std::uint8_t>(((1u << count) - 1u) << first);
  if (flags == (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED)) {
    if ((open.shared_slots & mask) != 0) return SQLITE_OK;
    if (!index.try_lock_shared(slot)) return SQLITE_BUSY;
    open.shared_slots = static_cast<std::uint8_t>(open.shared_slots | mask);
  } else if (flags == (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)) {
    if (!index.try_lock_exclusive(slot, slots)) return SQLITE_BUSY;
    open.exclusive_slots = static_cast<std::uint8_t>(open.exclusive_slots | mask);
  } else if (flags == (SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED)) {
    if ((open.shared_slots & mask) != 0) index.unlock_shared(slot);
    open.shared_slots = static_cast<std::uint8_t>(open.shared_slots & ~mask);
  } else if ((open.exclusive_slots & mask) == mask) {
    index.unlock_exclusive(slot, slots);
    open.exclusive_slots = static_cast<std::uint8_t>(open.exclusive_slots & ~mask);
  }
  return SQLITE_OK;
}

void index_barrier(sqlite3_file*) { std::atomic_thread_fence(std::memory_order_seq_cst); }

int unmap_index(sqlite3_file* file, int) {
  OpenFile& open = open_file_of(file);
  WalIndex& index = open.lane->shared.wal_index;
  for (std::size_t slot = 0; slot < WalIndex::kSlots; ++slot) {
    if ((open.shared_slots >> slot & 1) != 0) index.unlock_shared(slot);
    if ((open.exclusive_slots >> slot & 1) != 0) index.unlock_exclusive(slot, 1);
  }
  open.shared_slots = open.exclusive_slots = 0;
  if (open.index_mapped) index.detach();
  open.index_mapped = false;
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kFileMethods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = map_index,
    .xShmLock = lock_index,
    .xShmBarrier = index_barrier,
    .xShmUnmap = unmap_index,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

env::OpenMode open_mode(int flags) {
  if ((flags & SQLITE_OPEN_CREATE) == 0) return env::OpenMode::kMustExist;
  return (flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? env::OpenMode::kCreateNew : env::OpenMode::kCreate;
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* out, int flags, int* out_flags) {
  out->pMethods = nullptr;  // SQLite does not close what was not opened
  Lane& lane = lane_of(vfs);
  const Waits waits(lane);
  if (path == nullptr)
    return fault(lane, Error{ErrorCode::kRefused, "SQLite asked for a temporary file, which must not happen"},
                 SQLITE_CANTOPEN);
  auto file = lane.disk.open(path, open_mode(flags));
  if (!file && file.error().code == ErrorCode::kNotFound) return SQLITE_CANTOPEN;
  if (!file) return fault(lane, file.error(), SQLITE_CANTOPEN);
  new (out) OpenFile{.base = {&kFileMethods},
                     .kind = kind_of(flags),
                     .lane = &lane,
                     .file = file->release(),
                     .path = new std::string(path),
                     .names_synced = false,
                     .lock_level = SQLITE_LOCK_NONE,
                     .index_mapped = false,
                     .shared_slots = 0,
                     .exclusive_slots = 0};
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  Lane& lane = lane_of(vfs);
  const Waits waits(lane);
  const Status removed = lane.disk.remove(path);
  if (!removed && removed.error().code == ErrorCode::kNotFound) return SQLITE_IOERR_DELETE_NOENT;
  if (!removed) return fault(lane, removed.error(), SQLITE_IOERR_DELETE);
  if (sync_directory == 0) return SQLITE_OK;
  const Status synced = sync_directories(lane.disk, path);
  return synced ? SQLITE_OK : fault(lane, synced.error(), SQLITE_IOERR_DIR_FSYNC);
}

int access_file(sqlite3_vfs* vfs, const char* path, int, int* out) {
  Lane& lane = lane_of(vfs);
  const Waits waits(lane);
  const auto exists = lane.disk.exists(path);
  if (!exists) return fault(lane, exists.error(), SQLITE_IOERR_ACCESS);
  *out = *exists ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  const std::size_t length = std::strlen(path);
  if (length >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, path, length + 1);
  return SQLITE_OK;
}

// Called under SQLite's mutex of the generator: it must never suspend.
int randomness(sqlite3_vfs*, int size, char* out) {
  const std::uint64_t seed = randomness_seed.load(std::memory_order_relaxed);
  for (int at = 0; at < size; at += 8) {
    const std::uint64_t ordinal = randomness_ordinal.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t bits = draw(seed, kSqliteRandomness, 0, ordinal);
    std::memcpy(out + at, &bits, static_cast<std::size_t>(std::min(8, size - at)));
  }
  return size;
}

// Nothing waits here: a lane has no clock, and whoever needs to try again is bounded by a count.
int sleep_for(sqlite3_vfs*, int microseconds) { return microseconds; }

int current_time(sqlite3_vfs* vfs, sqlite3_int64* out) {
  constexpr sqlite3_int64 kUnixEpochMs = 210'866'760'000'000;  // 1970-01-01 as a Julian day, in milliseconds
  const std::int64_t now_ns = vfs->pAppData != nullptr ? lane_of(vfs).now_ns : 0;
  *out = kUnixEpochMs + now_ns / 1'000'000;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

int open_nothing(sqlite3_vfs*, const char*, sqlite3_file* out, int, int*) {
  out->pMethods = nullptr;
  return SQLITE_CANTOPEN;
}

sqlite3_vfs make_vfs(const char* name, Lane* lane) {
  sqlite3_vfs vfs{};
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = 512;
  vfs.zName = name;
  vfs.pAppData = lane;
  vfs.xOpen = lane != nullptr ? open_file : open_nothing;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep_for;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time;
  return vfs;
}

std::string next_vfs_name() {
  static std::atomic<std::uint64_t> number{0};  // a name SQLite finds it by; nothing else sees it
  return cat("lockstep-", number.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace

LaneVfs::LaneVfs(Lane& lane) : name_(next_vfs_name()), vfs_(make_vfs(name_.c_str(), &lane)) {
  CHECK(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

void install_default_vfs() {
  static sqlite3_vfs default_vfs = make_vfs("lockstep", nullptr);
  while (sqlite3_vfs* other = sqlite3_vfs_find(nullptr)) sqlite3_vfs_unregister(other);
  CHECK(sqlite3_vfs_register(&default_vfs, 1) == SQLITE_OK);
}

void seed_randomness(std::uint64_t seed) {
  randomness_seed.store(seed, std::memory_order_relaxed);
  randomness_ordinal.store(0, std::memory_order_relaxed);
  sqlite3_randomness(0, nullptr);
}

}  // namespace lockstep::sql
