// The directory of a node: whose it is, that nobody else uses it now, and how often it was started.
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

// Layout: docs/format/data_directory.md.
class DataDirectory {
 public:
  // Made if it does not exist. Refused: in use by another process, another node's, not empty and nobody's;
  // and, if the node is expected to have had data, an empty one.
  static Result<DataDirectory> open(const std::string& path, const Owner& owner, bool expect_data);

  DataDirectory(DataDirectory&& other) noexcept
      : path_(std::move(other.path_)),
        lock_(std::exchange(other.lock_, -1)),
        incarnation_(other.incarnation_) {}
  DataDirectory& operator=(DataDirectory&&) = delete;
  ~DataDirectory();

  const std::string& path() const { return path_; }
  // Counted durably: no two starts have the same.
  Incarnation incarnation() const { return incarnation_; }

 private:
  DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  Status claim(const Owner& owner, bool expect_data);

  std::string path_;
  int lock_;  // a descriptor; the system lets go of it when the process dies
  Incarnation incarnation_{0};
};

}  // namespace lockstep::cli
