// Collects lines of evidence up to a limit and says how many were left out.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "reports/verdict.h"

namespace lockstep::reports {

class Evidence {
 public:
  static constexpr std::size_t kMaxLines = 19;

  void add(std::string line) {
    if (lines_.size() < kMaxLines) {
      lines_.push_back(std::move(line));
    } else {
      ++left_out_;
    }
  }
  bool empty() const { return lines_.empty(); }

  // Makes the verdict violated if there is evidence, and adds it.
  void conclude(Verdict& verdict) {
    if (empty()) return;
    verdict.outcome = Outcome::kViolated;
    if (left_out_ > 0) lines_.push_back(cat("and ", left_out_, " more"));
    verdict.evidence.insert(verdict.evidence.end(), lines_.begin(), lines_.end());
    lines_.clear();
  }

 private:
  std::vector<std::string> lines_;
  std::uint64_t left_out_ = 0;
};

}  // namespace lockstep::reports
