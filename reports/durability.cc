// Counts every write in every final state.
#include "reports/durability.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "reports/evidence.h"

namespace lockstep::reports {

namespace {

using Counts = std::map<std::string_view, std::uint64_t>;

std::string sentence(const IdentifiedWrite& write, const FinalContents& final, std::string_view what) {
  return cat(final.replica, " ", what, ": ", write.description);
}

void judge(const IdentifiedWrite& write, const FinalContents& final, std::uint64_t count,
           Evidence& evidence) {
  if (write.completion == Completion::kFail && count > 0)
    evidence.add(sentence(write, final, "holds a write that was refused"));
  if (count > 1) evidence.add(sentence(write, final, cat("applied a write ", count, " times")));
}

}  // namespace

Verdict check_durability(const std::vector<IdentifiedWrite>& writes,
                         const std::vector<FinalContents>& contents, std::uint64_t& may_lose) {
  Verdict verdict;
  verdict.name = "durability";
  verdict.promise = "every acknowledged write is in the final state of every replica, exactly once";
  std::uint64_t acknowledged = 0;
  std::map<std::string_view, const IdentifiedWrite*> known;
  for (const IdentifiedWrite& write : writes) {
    acknowledged += write.completion == Completion::kOk;
    known.emplace(write.id, &write);
  }
  verdict.checked = {
      {"writes", writes.size()}, {"acknowledged", acknowledged}, {"replicas", contents.size()}};
  Evidence evidence;
  Evidence losses;
  std::set<std::string_view> lost;
  for (const FinalContents& final : contents) {
    Counts counts;
    for (const std::string& id : final.ids) ++counts[id];
    for (const IdentifiedWrite& write : writes) {
      const auto found = counts.find(write.id);
      const std::uint64_t count = found == counts.end() ? 0 : found->second;
      judge(write, final, count, evidence);
      if (write.completion != Completion::kOk || count > 0) continue;
      lost.insert(write.id);
      losses.add(sentence(write, final, "lost an acknowledged write"));
    }
    for (const auto& [id, count] : counts) {
      if (!known.contains(id)) evidence.add(cat(final.replica, " holds a write that no client made: ", id));
    }
  }
  if (contents.empty() || acknowledged == 0) {
    verdict.outcome = Outcome::kUnknown;
    verdict.evidence = {contents.empty() ? "no final state was read" : "no write was acknowledged"};
  }
  if (lost.size() > may_lose) losses.conclude(verdict);
  may_lose -= std::min<std::uint64_t>(may_lose, lost.size());
  evidence.conclude(verdict);
  return verdict;
}

Verdict check_durability(const std::vector<IdentifiedWrite>& writes,
                         const std::vector<FinalContents>& contents) {
  std::uint64_t none = 0;
  return check_durability(writes, contents, none);
}

}  // namespace lockstep::reports
