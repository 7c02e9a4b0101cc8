// Counts every write in every final state.
#include "reports/durability.h"

#include <map>

#include "base/text.h"
#include "reports/evidence.h"

namespace lockstep::reports {

namespace {

using Counts = std::map<std::string_view, std::uint64_t>;

void judge(const IdentifiedWrite& write, const FinalContents& final, std::uint64_t count, Evidence& evidence) {
  const auto report = [&](std::string_view what) { evidence.add(cat(final.replica, " ", what, ": ", write.description)); };
  if (write.completion == Completion::kOk && count == 0) report("lost an acknowledged write");
  if (write.completion == Completion::kFail && count > 0) report("holds a write that was refused");
  if (count > 1) report(cat("applied a write ", count, " times"));
}

}  // namespace

Verdict check_durability(const std::vector<IdentifiedWrite>& writes, const std::vector<FinalContents>& contents) {
  Verdict verdict;
  verdict.name = "durability";
  verdict.promise = "every acknowledged write is in the final state of every replica, exactly once";
  std::uint64_t acknowledged = 0;
  std::map<std::string_view, const IdentifiedWrite*> known;
  for (const IdentifiedWrite& write : writes) {
    acknowledged += write.completion == Completion::kOk;
    known.emplace(write.id, &write);
  }
  verdict.checked = {{"writes", writes.size()}, {"acknowledged", acknowledged}, {"replicas", contents.size()}};
  Evidence evidence;
  for (const FinalContents& final : contents) {
    Counts counts;
    for (const std::string& id : final.ids) ++counts[id];
    for (const IdentifiedWrite& write : writes) {
      const auto found = counts.find(write.id);
      judge(write, final, found == counts.end() ? 0 : found->second, evidence);
    }
    for (const auto& [id, count] : counts) {
      if (!known.contains(id)) evidence.add(cat(final.replica, " holds a write that no client made: ", id));
    }
  }
  if (contents.empty() || acknowledged == 0) {
    verdict.outcome = Outcome::kUnknown;
    verdict.evidence = {contents.empty() ? "no final state was read" : "no write was acknowledged"};
  }
  evidence.conclude(verdict);
  return verdict;
}

}  // namespace lockstep::reports
