// Majorities of digests.
#include "core/replica/digest_watch.h"

#include "base/text.h"

namespace lockstep::replica {
namespace {

// A slow follower may be this many comparisons behind and still be heard.
constexpr std::size_t kKeptIndexes = 32;

}  // namespace

void DigestWatch::applied(LogIndex index, std::uint64_t digest) { note(index, self_, digest); }

void DigestWatch::reported(const DigestReport& report) {
  if (report.node != self_) note(report.index, report.node, report.digest);
}

void DigestWatch::note(LogIndex index, NodeId node, std::uint64_t digest) {
  if (index.value() == 0 || index.value() % kSpacing != 0) return;
  if (known_.size() == kKeptIndexes && index < known_.begin()->first) return;
  if (!known_[index].emplace(node, digest).second) return;
  if (known_.size() > kKeptIndexes) known_.erase(known_.begin());
  ++revision_;
}

std::optional<std::string> DigestWatch::objection() const {
  for (const auto& [index, digests] : known_)
    if (auto sentence = objection_at(index, digests)) return sentence;
  return std::nullopt;
}

// Quadratic in the members; there are few.
std::optional<std::string> DigestWatch::objection_at(LogIndex index, const ByNode& digests) const {
  const auto own = digests.find(self_);
  if (own == digests.end()) return std::nullopt;
  for (const auto& [node, digest] : digests) {
    std::size_t equal = 0;
    for (const auto& [other, its] : digests) equal += its == digest;
    if (equal * 2 <= voters_) continue;
    if (digest == own->second) return std::nullopt;
    return cat("after entry ", index, " this database has digest ", hex16(own->second), ", and ", equal, " of ",
               voters_, " members have ", hex16(digest));
  }
  if (digests.size() < voters_) return std::nullopt;
  return cat("after entry ", index, " no majority of the ", voters_, " members has the same database");
}

std::vector<DigestReport> DigestWatch::reports() const {
  for (auto known = known_.rbegin(); known != known_.rend(); ++known) {
    if (!known->second.contains(self_)) continue;
    std::vector<DigestReport> all;
    for (const auto& [node, digest] : known->second) all.push_back({node, known->first, digest});
    return all;
  }
  return {};
}

}  // namespace lockstep::replica
