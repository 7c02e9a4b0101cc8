// What was, what is, and the words for the difference.
#include "cli/edge_presence.h"

#include <algorithm>
#include <vector>

#include "base/join.h"
#include "base/text.h"

namespace lockstep::cli {
namespace {

using Presence = hub::Edges::Presence;
using Names = std::vector<std::string>;

constexpr std::size_t kMostNames = 8;  // in a line

// "edge e1", "edges e1, e2", "edges e1, e2, ... and 90 others"
std::string list(Names names) {
  const std::string_view what = names.size() == 1 ? "edge " : "edges ";
  const std::size_t left = names.size() - std::min(names.size(), kMostNames);
  names.resize(names.size() - left);
  return cat(what, joined(names), left == 0 ? "" : cat(" and ", left, left == 1 ? " other" : " others"));
}

}  // namespace

void EdgePresence::look(const Edges& edges) {
  Names first, again, silent, unheard;
  for (const auto& [name, presence] : edges) {
    const auto before = known_.find(name);
    if (before != known_.end() && before->second == presence) continue;
    if (presence == Presence::kConnected)
      (before != known_.end() && before->second == Presence::kSilent ? again : first).push_back(name);
    if (presence == Presence::kSilent)
      (before != known_.end() && before->second == Presence::kConnected ? silent : unheard).push_back(name);
  }
  known_ = edges;
  if (!first.empty()) log_->info(cat("the hub hears ", list(std::move(first))));
  if (!again.empty()) log_->info(cat("the hub hears ", list(std::move(again)), " again"));
  if (!silent.empty()) log_->warn(cat("the hub does not hear ", list(std::move(silent)), " any more"));
  if (!unheard.empty())
    log_->warn(cat("the hub has not heard ", list(std::move(unheard)), " since this node leads"));
}

}  // namespace lockstep::cli
