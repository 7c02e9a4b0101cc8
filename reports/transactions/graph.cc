// Building, and Tarjan's components by Boost.Graph.
#include "reports/transactions/graph.h"

#include <algorithm>
#include <boost/graph/strong_components.hpp>

namespace lockstep::transactions {

void DependencyGraph::add(std::uint32_t from, std::uint32_t to, Kind kind, std::uint32_t key) {
  if (from != to) edges_.push_back({from, to, kind, key});
}

void DependencyGraph::add_all(std::span<const std::uint32_t> sources, std::span<const std::uint32_t> targets,
                              Kind kind, std::uint32_t key) {
  if (sources.size() * targets.size() <= 2 * (sources.size() + targets.size())) {
    for (const std::uint32_t source : sources) {
      for (const std::uint32_t target : targets) add(source, target, kind, key);
    }
    return;
  }
  // up[i] leads to targets 0 to i, down[i] to targets i to the last.
  std::vector<std::uint32_t> up, down(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    up.push_back(add_waypoint());
    add_pass(up[i], targets[i]);
    if (i > 0) add_pass(up[i], up[i - 1]);
  }
  for (std::size_t i = targets.size(); i-- > 0;) {
    down[i] = add_waypoint();
    add_pass(down[i], targets[i]);
    if (i + 1 < targets.size()) add_pass(down[i], down[i + 1]);
  }
  std::vector<std::pair<std::uint32_t, std::size_t>> places;
  for (std::size_t i = 0; i < targets.size(); ++i) places.emplace_back(targets[i], i);
  std::sort(places.begin(), places.end());
  for (const std::uint32_t source : sources) {
    const auto own = std::lower_bound(places.begin(), places.end(), std::pair(source, std::size_t{0}));
    if (own == places.end() || own->first != source) {
      add(source, up.back(), kind, key);
      continue;
    }
    if (own->second > 0) add(source, up[own->second - 1], kind, key);
    if (own->second + 1 < targets.size()) add(source, down[own->second + 1], kind, key);
  }
}

Csr make_csr(std::uint32_t vertices, std::span<const Edge> edges, Kinds kinds) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ends;
  std::vector<Label> labels;
  ends.reserve(edges.size());
  labels.reserve(edges.size());
  for (std::uint32_t i = 0; i < edges.size(); ++i) {
    if ((edges[i].kind & (kinds | kPass)) == 0) continue;
    ends.emplace_back(edges[i].from, edges[i].to);
    labels.push_back({i});
  }
  return Csr(boost::edges_are_unsorted_multi_pass, ends.begin(), ends.end(), labels.begin(), vertices);
}

bool Components::any_cyclic() const {
  return std::any_of(size.begin(), size.end(), [](std::uint32_t vertices) { return vertices > 1; });
}

Components strong_components(const Csr& graph) {
  Components found;
  found.of.resize(boost::num_vertices(graph));
  const auto count = boost::strong_components(
      graph, boost::make_iterator_property_map(found.of.begin(), boost::get(boost::vertex_index, graph)));
  found.size.assign(count, 0);
  for (const std::uint32_t component : found.of) ++found.size[component];
  return found;
}

std::vector<std::uint32_t> components_with(Kind kind, const Components& parts, std::span<const Edge> edges) {
  std::vector<bool> wanted(parts.size.size(), false);
  for (const Edge& edge : edges) {
    if (edge.kind == kind && parts.of[edge.from] == parts.of[edge.to]) wanted[parts.of[edge.from]] = true;
  }
  std::vector<std::uint32_t> found;
  for (const std::uint32_t part : parts.of) {
    if (!wanted[part]) continue;
    wanted[part] = false;
    found.push_back(part);
  }
  return found;
}

}  // namespace lockstep::transactions
