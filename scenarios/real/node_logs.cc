// The levels are those of the program's own log; only the last complaints are kept.
#include "scenarios/real/node_logs.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace lockstep::real {
namespace {

constexpr std::size_t kMostComplaints = 5;
constexpr std::size_t kMostBytes = 300;  // of each
constexpr std::array<std::string_view, 6> kLevels = {"trace",   "debug", "info",
                                                     "warning", "error", "critical"};
constexpr std::size_t kFirstComplaint = 3;  // from this level on

// The place in kLevels; their number: it has none.
std::size_t level_of(std::string_view line) {
  const std::size_t begin = line.find(' ');
  if (begin == line.npos) return kLevels.size();
  line.remove_prefix(begin + 1);
  const std::string_view word = line.substr(0, line.find(' '));
  return static_cast<std::size_t>(std::ranges::find(kLevels, word) - kLevels.begin());
}

}  // namespace

reports::NodeLog summary_of_log(std::string node, std::istream& log) {
  reports::NodeLog summary{.node = std::move(node), .levels = {}, .complaints = {}};
  for (std::string line; std::getline(log, line);) {
    const std::size_t level = level_of(line);
    ++summary.levels[level == kLevels.size() ? "other" : std::string(kLevels[level])];
    if (level < kFirstComplaint || level == kLevels.size()) continue;
    if (summary.complaints.size() == kMostComplaints) summary.complaints.erase(summary.complaints.begin());
    summary.complaints.push_back(line.substr(0, kMostBytes));
  }
  return summary;
}

}  // namespace lockstep::real
