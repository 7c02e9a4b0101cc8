// A directory that is empty at the begin of a test and gone at its end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/check.h"

namespace lockstep::net {

class Scratch {
 public:
  Scratch() {
    path_ = (std::filesystem::temp_directory_path() / "lockstep-net-XXXXXX").string();
    CHECK(::mkdtemp(path_.data()) != nullptr, path_);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lockstep::net
