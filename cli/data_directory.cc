// A lock that dies with the process, and a small file that says whose directory this is.
#include "cli/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/field_numbers.h"
#include "base/text.h"
#include "cli/files.h"
#include "edge/lost_store.h"
#include "json/text.h"
#include "storage/sql/database.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIdentityName = "lockstep.json";
constexpr std::string_view kLockName = "lockstep.lock";
constexpr std::string_view kRoomName = "lockstep.room";
constexpr std::string_view kLogName = "kv";  // a member's log

constexpr std::string_view kAdviceToMembers =
    "a voter that forgets what it acknowledged can lose what others rely on. Put the directory back as this "
    "node left it, or go on with the other members; docs/node.md, \"Replacing a disk\", has the cases";

bool is_edge(const Owner& owner) { return field_kind(owner.node) == FieldKind::kEdge; }

std::string name_of(const Owner& owner) {
  if (is_edge(owner)) return owner.cluster;
  return owner.cluster.empty() ? "a node that stands alone"
                               : cat("node ", owner.node, " of cluster \"", owner.cluster, "\"");
}

std::unexpected<Error> refuse(std::string sentence) { return fail(ErrorCode::kRefused, std::move(sentence)); }

// nullopt: nobody's yet.
Result<std::optional<Identity>> read_identity(const std::string& path) {
  const std::string file = cat(path, "/", kIdentityName);
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  LOCKSTEP_TRY(text, read_whole_file(file));
  const auto document = json::parse(text);
  const auto member = [&](std::string_view key) { return document ? document->find(key) : nullptr; };
  const json::Node* cluster = member("cluster");
  const json::Node* node = member("node");
  const json::Node* incarnation = member("incarnation");
  if (cluster == nullptr || node == nullptr || incarnation == nullptr) {
    return fail(
        ErrorCode::kCorrupt,
        cat(file,
            ": expected the members cluster, node and incarnation; the file is damaged or not a node's"));
  }
  Identity out;
  if (const json::Node* database = member("database")) out.database = database->text;
  if (cluster->is(json::Kind::kString)) out.owner.cluster = cluster->text;
  out.owner.node = NodeId(static_cast<std::uint64_t>(json::scaled(node->text, 0).whole));
  out.incarnation = Incarnation(static_cast<std::uint64_t>(json::scaled(incarnation->text, 0).whole));
  return out;
}

Status sync_path(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (synced) return {};
  return fail(ErrorCode::kIo, cat(path, ": cannot be made durable: ", std::strerror(reason)));
}

// Whole and durable, or as before.
Status write_identity(const std::string& path, const Identity& identity) {
  const Owner& owner = identity.owner;
  nlohmann::ordered_json document{{"format", 1}, {"cluster", nullptr}};
  if (!owner.cluster.empty()) document["cluster"] = owner.cluster;
  document["node"] = owner.node.value();
  document["incarnation"] = identity.incarnation.value();
  if (!identity.database.empty()) document["database"] = identity.database;
  const std::string file = cat(path, "/", kIdentityName);
  const std::string draft = file + ".draft";
  const Status written = write_whole_file(draft, document.dump(2) + "\n");
  if (!written && written.error().code == ErrorCode::kNoSpace)
    return fail(ErrorCode::kNoSpace, cat(path, ": the disk is full, and each start is written down there (",
                                         kIdentityName, ") before anything else"));
  LOCKSTEP_TRY_STATUS(written);
  LOCKSTEP_TRY_STATUS(sync_path(draft, O_RDONLY));
  std::error_code error;
  fs::rename(draft, file, error);
  if (error) return fail(ErrorCode::kIo, cat(file, ": cannot be written: ", error.message()));
  return sync_path(path, O_RDONLY | O_DIRECTORY);
}

// A file of somebody else's, if there is one; ours and hidden ones do not count.
std::string stranger_in(const std::string& path) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && !name.starts_with("lockstep.") && name != "lost+found") return name;
  }
  return {};
}

bool holds_something(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? !fs::is_empty(path, error)
                                       : fs::file_size(path, error) > 0 && !error;
}

// Of a directory that has held data. A member's database may be missing here: it can be made again from a log
// that reaches back to the beginning, and the log says whether it does.
Status refuse_loss(const std::string& path, const Owner& owner, const Identity& found,
                   const DataDirectory::Contents& contents) {
  const std::string whose =
      cat(path, ": expected the data of ", name_of(owner), " (start ", found.incarnation, ")");
  constexpr std::string_view kAdvice =
      "put it back, or restore the directory whole; to begin anew without the data, name an empty directory";
  if (!owner.cluster.empty()) {
    if (holds_something(fs::path(path) / kLogName)) return {};
    if (is_edge(owner))
      return refuse(cat(whose, ", found no store in ", kLogName, ": ", edge::kAdviceOnLostStore));
    return refuse(cat(whose, contents.is_expected ? " (expect_data)" : "", ", found no log in ", kLogName,
                      ": ", kAdviceToMembers));
  }
  if (found.database != contents.database) {
    return refuse(cat(whose, " in the file ", found.database, ", the settings name ", contents.database,
                      ": the node would begin anew there"));
  }
  const fs::path database = fs::path(path) / found.database;
  if (holds_something(database)) return {};
  std::error_code error;
  return refuse(cat(whose, ", found ", fs::exists(database, error) ? "an empty file " : "no file ",
                    found.database, holds_something(sql::wal_file_of(database.string())) ? " beside its WAL" : "",
                    ": ", kAdvice));
}

std::string holder_of(int lock) {
  char digits[32];
  const ssize_t read = ::pread(lock, digits, sizeof digits, 0);
  std::string pid(digits, read > 0 ? static_cast<std::size_t>(read) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "another process" : cat("process ", pid);
}

Result<int> lock_directory(const std::string& path) {
  const std::string file = cat(path, "/", kLockName);
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) {
    return fail(ErrorCode::kIo,
                cat(path, ": expected a directory that this process may write to: ", std::strerror(errno)));
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = holder_of(lock);
    ::close(lock);
    return fail(ErrorCode::kUnavailable,
                cat(path, ": expected a directory that is free, ", holder, " uses it"));
  }
  const std::string pid = cat(getpid(), "\n");
  // Only for people: the lock holds without it.
  if (::ftruncate(lock, 0) == 0 && ::pwrite(lock, pid.data(), pid.size(), 0) < 0) errno = 0;
  return lock;
}

}  // namespace

Result<DataDirectory> DataDirectory::open(const std::string& path, const Owner& owner,
                                          const Contents& contents) {
  std::error_code error;
  if (contents.is_expected && !fs::exists(path, error)) {
    return refuse(cat(path, ": expected the data of ", name_of(owner),
                      " (expect_data), found no such directory: ", kAdviceToMembers));
  }
  fs::create_directories(path, error);
  if (error) return fail(ErrorCode::kIo, cat(path, ": cannot be created: ", error.message()));
  if (!fs::is_directory(path, error)) return refuse(cat(path, ": expected a directory, found a file"));
  LOCKSTEP_TRY(lock, lock_directory(path));
  DataDirectory out(path, lock);
  LOCKSTEP_TRY_STATUS(out.claim(owner, contents));
  return out;
}

// The file has no name by the time it is written: if the process dies its space is free.
bool DataDirectory::has_room() const {
  constexpr std::size_t kPieceBytes = 64 << 10, kPieces = 16;
  const std::string file = cat(path_, "/", kRoomName);
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return false;
  ::unlink(file.c_str());
  const std::string piece(kPieceBytes, '\0');
  std::size_t written = 0;
  while (written < kPieces && ::write(descriptor, piece.data(), kPieceBytes) == ssize_t{kPieceBytes})
    ++written;
  const bool durable = written == kPieces && ::fsync(descriptor) == 0;
  ::close(descriptor);
  return durable;
}

Status DataDirectory::claim(const Owner& owner, const Contents& contents) {
  LOCKSTEP_TRY(found, read_identity(path_));
  if (found && found->owner != owner) {
    return refuse(cat(path_, ": expected the directory of ", name_of(owner), ", found that of ",
                      name_of(found->owner)));
  }
  if (!found) {
    const std::string stranger = stranger_in(path_);
    if (!stranger.empty()) {
      return refuse(cat(path_, ": expected an empty directory or one of a node, found the file \"", stranger,
                        "\" and no ", kIdentityName));
    }
    if (contents.is_expected) {
      return refuse(cat(path_, ": expected the data of ", name_of(owner),
                        " (expect_data), found an empty directory: ", kAdviceToMembers));
    }
  }
  if (found && contents.begins_anew) found->database.clear();
  const bool had_data = contents.is_expected || (found && !found->database.empty());
  if (had_data) LOCKSTEP_TRY_STATUS(refuse_loss(path_, owner, *found, contents));
  identity_ = found.value_or(Identity{.owner = owner, .incarnation = Incarnation(0), .database = {}});
  identity_.incarnation = identity_.incarnation.next();
  return write_identity(path_, identity_);
}

Status DataDirectory::note_data(const std::string& database) {
  if (identity_.database == database) return {};
  identity_.database = database;
  return write_identity(path_, identity_);
}

bool DataDirectory::is_there() const {
  struct stat file{};
  return ::fstat(lock_, &file) != 0 || file.st_nlink > 0;
}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace lockstep::cli
