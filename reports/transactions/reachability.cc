// Sixty-four questions at a time as bits of a word, passed along the graph of components in topological
// order.
#include "reports/transactions/reachability.h"

#include <algorithm>

namespace lockstep::transactions {

std::vector<Edge> closing(const Component& component, Kinds kinds, std::vector<Edge> edges) {
  constexpr std::uint64_t kMostVisits = 2'000'000'000;
  const auto vertices = static_cast<std::uint32_t>(component.vertices.size());
  const Components parts = strong_components(make_csr(vertices, component.edges, kinds));
  // Between components, sorted by the source; components come with the sinks first.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> links;
  for (const Edge& edge : component.edges) {
    if ((edge.kind & (kinds | kPass)) != 0 && parts.of[edge.from] != parts.of[edge.to])
      links.emplace_back(parts.of[edge.from], parts.of[edge.to]);
  }
  std::sort(links.begin(), links.end(), std::greater<>());
  links.erase(std::unique(links.begin(), links.end()), links.end());
  if ((edges.size() / 64 + 1) * (links.size() + parts.size.size()) > kMostVisits) return edges;

  std::vector<Edge> found;
  std::vector<std::uint64_t> reached(parts.size.size());
  for (std::size_t begin = 0; begin < edges.size(); begin += 64) {
    const std::size_t end = std::min(begin + 64, edges.size());
    std::fill(reached.begin(), reached.end(), 0);
    for (std::size_t i = begin; i < end; ++i) reached[parts.of[edges[i].to]] |= 1ull << (i - begin);
    for (const auto& [from, to] : links) reached[to] |= reached[from];
    for (std::size_t i = begin; i < end; ++i) {
      if (reached[parts.of[edges[i].from]] >> (i - begin) & 1) found.push_back(edges[i]);
    }
  }
  return found;
}

}  // namespace lockstep::transactions
