// The directory of a node or an edge: whose it is, that nobody else uses it now, and how often it was
// started.
#pragma once

#include <string>
#include <utility>

#include "base/ids.h"
#include "base/result.h"

namespace lockstep::cli {

struct Owner {
  std::string cluster;  // its name; empty: the node stands alone
  NodeId node;
  bool operator==(const Owner&) const = default;
};

// What the directory says of itself.
struct Identity {
  Owner owner;
  Incarnation incarnation{0};
  std::string database;  // its file, once there has been one
};

// Layout: docs/format/data_directory.md.
class DataDirectory {
 public:
  struct Contents {
    std::string database;      // its file, inside the directory
    bool is_expected = false;  // the configuration says that there is data
    bool begins_anew = false;  // what it held is lost, as its operator says
  };

  // Made if it does not exist. Refused: in use by another process, another node's, not empty and nobody's;
  // and one that has lost what it held, by its own notes or by what is expected.
  static Result<DataDirectory> open(const std::string& path, const Owner& owner, const Contents& contents);

  DataDirectory(DataDirectory&& other) noexcept
      : path_(std::move(other.path_)),
        lock_(std::exchange(other.lock_, -1)),
        identity_(std::move(other.identity_)) {}
  DataDirectory& operator=(DataDirectory&&) = delete;
  ~DataDirectory();

  const std::string& path() const { return path_; }
  // Counted durably: no two starts have the same.
  Incarnation incarnation() const { return identity_.incarnation; }
  // The node's files are there and durable: notes it, durably, so that their loss is noticed. Before anything
  // is promised that they hold.
  Status note_data(const std::string& database);
  // Whether the disk takes what a start writes at least, durably: 1 MiB. Leaves nothing behind.
  bool has_room() const;
  // False: somebody has removed it, and what this process writes there now is gone with the process.
  bool is_there() const;
  // A former life has noted that there was data.
  bool had_data() const { return !identity_.database.empty(); }

 private:
  DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  Status claim(const Owner& owner, const Contents& contents);

  std::string path_;
  int lock_;  // a descriptor; the system lets go of it when the process dies
  Identity identity_;
};

}  // namespace lockstep::cli
