// Whom a network fault concerns.
#include "scenarios/network_faults.h"

#include <algorithm>

namespace lockstep::scenarios {

bool Between::concerns(NodeId from, NodeId to) const {
  if (groups.empty()) return true;
  if (one_way) return groups[0].contains(from) && groups[1].contains(to);
  const auto group_of = [this](NodeId id) {
    return std::find_if(groups.begin(), groups.end(), [id](const auto& group) { return group.contains(id); });
  };
  const auto sender = group_of(from);
  const auto receiver = group_of(to);
  return sender != groups.end() && receiver != groups.end() && sender != receiver;
}

void NetworkFaults::add(std::uint64_t id, Between between, std::unique_ptr<sim::LinkRule> rule,
                        std::uint64_t& effects) {
  active_.push_back({id, std::move(between), std::move(rule), &effects});
}

void NetworkFaults::remove(std::uint64_t id) {
  std::erase_if(active_, [id](const Active& active) { return active.id == id; });
}

void NetworkFaults::clear() {
  active_.clear();
  healed_.clear();
}

std::optional<sim::Verdict> NetworkFaults::judge(const sim::FrameFacts& facts) {
  const bool is_healed = healed_.contains(facts.from);
  if (is_healed != healed_.contains(facts.to)) return sim::Verdict{.kind = sim::Verdict::Kind::kDrop};
  if (is_healed) return std::nullopt;
  for (Active& active : active_) {
    if (!active.between.concerns(facts.from, facts.to)) continue;
    if (const auto verdict = active.rule->judge(facts)) {
      ++*active.effects;
      return verdict;
    }
  }
  return std::nullopt;
}

}  // namespace lockstep::scenarios
