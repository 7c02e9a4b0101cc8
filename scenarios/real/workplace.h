// Where a real run takes place: a temporary directory, and addresses of this machine that nobody else uses.
#pragma once

#include <string>

#include "base/result.h"

namespace lockstep::real {

class Workplace {
 public:
  // Takes away what runs have left that were killed before they could.
  static Result<Workplace> make();
  Workplace(Workplace&& other) noexcept;
  Workplace& operator=(Workplace&&) = delete;
  // The directory goes, unless it is to be kept.
  ~Workplace();

  const std::string& directory() const { return directory_; }
  // A loopback address that was drawn for this run, so that two runs at a time do not meet.
  const std::string& host() const { return host_; }
  // Renames it, so that no later run takes it for a leftover. Where it is then.
  std::string keep();
  void remove();

 private:
  Workplace(std::string directory, std::string host)
      : directory_(std::move(directory)), host_(std::move(host)) {}
  std::string directory_;  // empty: moved from, removed or kept
  std::string host_;
};

}  // namespace lockstep::real
