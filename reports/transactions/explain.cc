// The form of Elle's explanations: let ..., then ..., however ....
#include "reports/transactions/explain.h"

#include <algorithm>

#include "base/text.h"
#include "reports/transactions/dependencies.h"
#include "reports/transactions/observations.h"

namespace lockstep::transactions {

std::string Cast::name(std::uint32_t transaction) {
  if (transaction == initial_) return "the initial state";
  auto found = std::find(members_.begin(), members_.end(), transaction);
  if (found == members_.end()) {
    members_.push_back(transaction);
    found = members_.end() - 1;
  }
  return cat("T", found - members_.begin() + 1);
}

std::vector<std::string> Cast::proof(std::vector<std::string> reasons) const {
  constexpr std::size_t kMostMembers = 12;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min(members_.size(), kMostMembers); ++i)
    lines.push_back(cat("T", i + 1, ": ", introduce(all_, members_[i])));
  if (members_.size() > kMostMembers) lines.push_back(cat("and ", members_.size() - kMostMembers, " more"));
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (reasons.size() > 2 * kMostMembers && i == kMostMembers) {
      lines.push_back(cat("... ", reasons.size() - 2 * kMostMembers, " steps ..."));
      i = reasons.size() - kMostMembers;
    }
    const bool last = i + 1 == reasons.size();
    lines.push_back(last && reasons.size() > 1 ? cat("however, ", reasons[i], ": a contradiction")
                                               : std::move(reasons[i]));
  }
  return lines;
}

std::vector<std::string> prove(const Transactions& all, const NamedCycle& found) {
  Cast cast(all);
  for (const Edge& edge : found.cycle) cast.name(edge.from);
  std::vector<std::string> reasons;
  for (const Edge& edge : found.cycle) {
    const std::string from = cast.name(edge.from), to = cast.name(edge.to);
    reasons.push_back(cat(from, " < ", to, ", because ", explain(all, edge, from, to)));
  }
  std::vector<std::string> lines = cast.proof(std::move(reasons));
  if (!found.shortest)
    lines.push_back(cat("(a cycle of this kind exists; this one is not minimised: it lies among ",
                        found.among, " transactions)"));
  return lines;
}

}  // namespace lockstep::transactions
