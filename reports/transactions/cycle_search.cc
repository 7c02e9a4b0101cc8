// Breadth first in the product of component and automaton; passes cost nothing.
#include "reports/transactions/cycle_search.h"

#include <algorithm>
#include <deque>

namespace lockstep::transactions {

std::optional<std::uint8_t> ClassAutomaton::step(std::uint8_t state, Kind kind, bool first) const {
  if (kind == kPass) return state;
  if ((kind & wanted_.kinds) == 0) return std::nullopt;
  std::uint8_t next = state;
  if (kind & wanted_.needs) next |= kNeeded;
  if (kind == kWr) next |= kSawWr;
  if (kind != kRw) return static_cast<std::uint8_t>(next & ~kLastIsRw);
  const bool adjacent = (state & kLastIsRw) != 0;
  switch (wanted_.rw) {
    case Antidependencies::kForbidden: return std::nullopt;
    case Antidependencies::kOne:
      if (!first) return std::nullopt;
      break;
    case Antidependencies::kNonadjacent:
      if (adjacent) return std::nullopt;
      if (!first) next |= kPattern;  // a second one
      break;
    case Antidependencies::kAdjacent:
      if (adjacent) next |= kPattern;
      break;
    case Antidependencies::kAny: break;
  }
  return static_cast<std::uint8_t>(next | kLastIsRw);
}

bool ClassAutomaton::accepts(std::uint8_t state) const {
  if (wanted_.needs != 0 && (state & kNeeded) == 0) return false;
  if (wanted_.needs_wr && (state & kSawWr) == 0) return false;
  switch (wanted_.rw) {
    case Antidependencies::kForbidden:
    case Antidependencies::kOne:
    case Antidependencies::kAny: return true;
    case Antidependencies::kNonadjacent: return (state & kPattern) != 0 && (state & kLastIsRw) == 0;
    case Antidependencies::kAdjacent:
      return (state & (kPattern | kLastIsRw)) != 0;  // the first edge is one as well
  }
  return false;
}

CycleSearch::CycleSearch(const Component& component, const CycleClass& wanted, std::uint64_t& visits_left)
    : component_(component), wanted_(wanted), automaton_(wanted_), visits_left_(visits_left) {
  offsets_.assign(component.vertices.size() + 1, 0);
  for (const Edge& edge : component.edges) ++offsets_[edge.from + 1];
  for (std::size_t i = 1; i < offsets_.size(); ++i) offsets_[i] += offsets_[i - 1];
  outgoing_.resize(component.edges.size());
  std::vector<std::uint32_t> next(offsets_.begin(), offsets_.end() - 1);
  for (std::uint32_t i = 0; i < component.edges.size(); ++i) outgoing_[next[component.edges[i].from]++] = i;
  seen_.assign(component.vertices.size() * ClassAutomaton::kStates, 0);
}

bool CycleSearch::visit(std::uint32_t vertex, std::uint8_t state, const Visit& visit) {
  std::uint32_t& seen = seen_[vertex * ClassAutomaton::kStates + state];
  if (seen == round_) return false;
  seen = round_;
  visits_.push_back(visit);
  return true;
}

std::vector<Edge> CycleSearch::from(const Edge& first, std::size_t bound) {
  constexpr std::uint32_t kNoParent = ~0u;
  ++round_;
  visits_.clear();
  std::deque<std::uint32_t> queue;  // places in visits_
  const std::uint8_t start = automaton_.start();
  visit(first.to, start, {first.to * ClassAutomaton::kStates + start, kNoParent, 0, 1});
  queue.push_back(0);
  while (!queue.empty()) {
    const std::uint32_t place = queue.front();
    queue.pop_front();
    const Visit at = visits_[place];
    const std::uint32_t vertex = at.node / ClassAutomaton::kStates;
    const auto state = static_cast<std::uint8_t>(at.node % ClassAutomaton::kStates);
    for (std::uint32_t i = offsets_[vertex]; i < offsets_[vertex + 1]; ++i) {
      const Edge& edge = component_.edges[outgoing_[i]];
      if (visits_left_ == 0) return {};
      --visits_left_;
      const auto next = automaton_.step(state, edge.kind);
      const std::uint32_t length = at.length + (edge.kind != kPass);
      if (!next || length >= bound) continue;
      if (!visit(edge.to, *next, {edge.to * ClassAutomaton::kStates + *next, place, outgoing_[i], length}))
        continue;
      const auto added = static_cast<std::uint32_t>(visits_.size() - 1);
      if (edge.to == first.from && automaton_.accepts(*next)) return walk(first, added);
      if (edge.kind == kPass) {
        queue.push_front(added);
      } else {
        queue.push_back(added);
      }
    }
  }
  return {};
}

std::vector<Edge> CycleSearch::walk(const Edge& first, std::uint32_t last) const {
  std::vector<Edge> edges;
  for (std::uint32_t place = last; visits_[place].parent != ~0u; place = visits_[place].parent)
    edges.push_back(component_.edges[visits_[place].edge]);
  edges.push_back(first);
  std::reverse(edges.begin(), edges.end());
  return edges;
}

}  // namespace lockstep::transactions
