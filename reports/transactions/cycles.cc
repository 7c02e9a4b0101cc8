// First which levels are ruled out at all, by components; then a cycle of each class, the worst class first.
#include "reports/transactions/cycles.h"

#include <algorithm>
#include <map>
#include <utility>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "reports/transactions/cycle_search.h"
#include "reports/transactions/reachability.h"

namespace lockstep::transactions {

namespace {

constexpr std::size_t kCyclesOfAName = 3;
constexpr Kinds kData = kWw | kWr | kRw;

Kinds order_kinds(Order order) {
  switch (order) {
    case Order::kNone: return 0;
    case Order::kSession: return kProcess;
    case Order::kRealtime: return kProcess | kRealtime;
  }
  return 0;
}

// The vertices that lie on cycles at all, with the edges between them, component by component, the smallest
// first.
std::vector<Component> cyclic_components(std::uint32_t vertices, std::span<const Edge> edges, Kinds kinds) {
  const Components parts = strong_components(make_csr(vertices, edges, kinds));
  std::vector<std::uint32_t> number(parts.size.size(), ~0u), place(vertices);
  std::vector<Component> found;
  for (std::uint32_t vertex = 0; vertex < vertices; ++vertex) {
    if (!parts.cyclic(vertex)) continue;
    std::uint32_t& component = number[parts.of[vertex]];
    if (component == ~0u) {
      component = static_cast<std::uint32_t>(found.size());
      found.emplace_back();
    }
    place[vertex] = static_cast<std::uint32_t>(found[component].vertices.size());
    found[component].vertices.push_back(vertex);
  }
  for (const Edge& edge : edges) {
    if ((edge.kind & (kinds | kPass)) == 0 || parts.of[edge.from] != parts.of[edge.to] ||
        !parts.cyclic(edge.from))
      continue;
    found[number[parts.of[edge.from]]].edges.push_back(
        {place[edge.from], place[edge.to], edge.kind, edge.key});
  }
  std::ranges::sort(found, {}, [](const Component& component) {
    return std::pair(component.vertices.size(), component.vertices.front());
  });
  return found;
}

bool has_cycle(std::uint32_t vertices, std::span<const Edge> edges, Kinds kinds) {
  return strong_components(make_csr(vertices, edges, kinds)).any_cyclic();
}

// Cycles in which something does not follow something, as plain cycles: each vertex twice, the second copy
// for those who may not go on with kRw. `barred(kind)`: whether an edge of this kind leads to the second
// copy.
template <class Barred>
bool has_restricted_cycle(std::uint32_t vertices, std::span<const Edge> edges, Kinds kinds,
                          const Barred& barred) {
  std::vector<Edge> doubled;
  for (const Edge& edge : edges) {
    if ((edge.kind & (kinds | kPass)) == 0) continue;
    for (const std::uint32_t copy : {0u, 1u}) {
      if (edge.kind == kRw && copy == 1) continue;
      const std::uint32_t to = edge.kind == kPass ? copy : barred(edge.kind) ? 1 : 0;
      doubled.push_back({2 * edge.from + copy, 2 * edge.to + to, edge.kind, edge.key});
    }
  }
  return has_cycle(2 * vertices, doubled, kinds);
}

// Snapshot isolation: ((ww | wr | order) ; rw?) has no cycle. Prefix: ((wr | order) ; rw? | ww) has none
// (Cerone and Gotsman 2018; Biswas and Enea 2019).
Levels ruled_out(std::uint32_t vertices, std::span<const Edge> edges, Kinds order) {
  Levels levels = 0;
  if (has_cycle(vertices, edges, kWw | order)) levels |= at_least(kReadUncommitted);
  if (has_cycle(vertices, edges, kWw | kWr | order)) levels |= at_least(kReadCommitted);
  if (has_cycle(vertices, edges, kData | order)) levels |= at_least(kRepeatableRead);
  if (has_restricted_cycle(vertices, edges, kData | order, [](Kind kind) { return kind == kRw; }))
    levels |= at_least(kSnapshot);
  if (has_restricted_cycle(vertices, edges, kData | order,
                           [](Kind kind) { return kind == kRw || kind == kWw; }))
    levels |= at_least(kPrefix);
  return levels;
}

// Without passes: an edge into a waypoint becomes one to where the walk leaves the waypoints.
Cycle without_passes(const std::vector<Edge>& walk) {
  Cycle cycle;
  for (const Edge& edge : walk) {
    if (edge.kind != kPass) {
      cycle.push_back(edge);
    } else {
      cycle.back().to = edge.to;
    }
  }
  return cycle;
}

// A walk that passes a vertex twice holds a shorter one: the first such is cut out.
std::vector<Cycle> simple_cycles(Cycle walk) {
  std::vector<Cycle> found;
  std::vector<Edge> path;
  std::map<std::uint32_t, std::size_t> place;  // vertex -> how many edges of path come before it
  for (const Edge& edge : walk) {
    place.try_emplace(edge.from, path.size());
    path.push_back(edge);
    const auto seen = place.find(edge.to);
    if (seen == place.end()) continue;
    const std::size_t from = seen->second;
    found.emplace_back(path.begin() + static_cast<std::ptrdiff_t>(from), path.end());
    for (std::size_t i = from; i < path.size(); ++i) {
      if (i > from) place.erase(path[i].from);
    }
    path.resize(from);
  }
  return found;
}

std::vector<CycleClass> classes_of(Order order) {
  const Kinds beside = order_kinds(order);
  const std::string_view suffix = order == Order::kSession ? "-process" : "-realtime";
  const Kinds needs = order == Order::kNone      ? Kinds(0)
                      : order == Order::kSession ? Kinds(kProcess)
                                                 : Kinds(kRealtime);
  const bool plain = order == Order::kNone;
  static const std::map<std::pair<std::string_view, std::string_view>, std::string> kNames = [] {
    std::map<std::pair<std::string_view, std::string_view>, std::string> names;
    for (const std::string_view base : {"G0", "G1c", "G-single-item", "G-nonadjacent-item", "G2-item"}) {
      for (const std::string_view tail : {"", "-process", "-realtime"}) names[{base, tail}] = cat(base, tail);
    }
    return names;
  }();
  const auto name = [&](std::string_view base) -> std::string_view {
    return kNames.at({base, plain ? std::string_view() : suffix});
  };
  const Kind ordered = order == Order::kSession ? kProcess : kRealtime;
  using Rw = Antidependencies;
  const Kinds with_wr = kWw | kWr | beside, all = kData | beside;
  return {
      {name("G0"), static_cast<Kinds>(kWw | beside), plain ? kWw : ordered, Rw::kForbidden, false, needs},
      {name("G1c"), with_wr, plain ? kWr : ordered, Rw::kForbidden, true, needs},
      {name("G-single-item"), all, kRw, Rw::kOne, false, needs},
      {name("G-nonadjacent-item"), all, kRw, Rw::kNonadjacent, false, needs},
      {name("G2-item"), all, kRw, Rw::kAdjacent, false, needs},
  };
}

class Finder {
 public:
  Finder(const DependencyGraph& graph, Order order, const CycleLimits& limits)
      : order_(order), visits_left_(limits.edge_visits) {
    const Kinds kinds = kData | order_kinds(order);
    for (Component& component : cyclic_components(graph.vertices(), graph.edges(), kinds)) {
      const auto transactions = static_cast<std::uint32_t>(
          std::count_if(component.vertices.begin(), component.vertices.end(),
                        [&](std::uint32_t vertex) { return !graph.is_waypoint(vertex); }));
      findings_.largest = std::max(findings_.largest, transactions);
      ++findings_.components;
      const auto base = static_cast<std::uint32_t>(core_vertices_.size());
      core_vertices_.insert(core_vertices_.end(), component.vertices.begin(), component.vertices.end());
      for (Edge edge : component.edges) {
        edge.from += base;
        edge.to += base;
        core_edges_.push_back(edge);
      }
    }
    transactions_ = graph.transactions();
  }

  CycleFindings run() {
    if (core_edges_.empty()) return std::move(findings_);
    for (const Order order : {Order::kNone, Order::kSession, Order::kRealtime}) {
      if (order > order_) break;
      findings_.verdicts.ruled_out[static_cast<int>(order)] =
          ruled_out(vertices(), core_edges_, order_kinds(order));
      for (const CycleClass& wanted : classes_of(order)) {
        if (!weaker_form_found(wanted.name)) find(wanted);
      }
    }
    return std::move(findings_);
  }

 private:
  std::uint32_t vertices() const { return static_cast<std::uint32_t>(core_vertices_.size()); }

  bool found(std::string_view name) const {
    return std::any_of(findings_.cycles.begin(), findings_.cycles.end(),
                       [&](const NamedCycle& cycle) { return cycle.name == name; });
  }

  // A cycle that needs no order of its own says more than one that does.
  bool weaker_form_found(std::string_view name) const {
    std::string_view base = name;
    for (const std::string_view suffix : {"-process", "-realtime"}) {
      if (base.ends_with(suffix)) base.remove_suffix(suffix.size());
    }
    return (base != name && found(base)) || (name.ends_with("-realtime") && found(cat(base, "-process")));
  }

  void find(const CycleClass& wanted) {
    std::size_t kept = 0;
    const Kinds searched =
        wanted.rw == Antidependencies::kForbidden ? wanted.kinds : Kinds(wanted.kinds | kRw);
    for (const Component& component : cyclic_components(vertices(), core_edges_, searched)) {
      kept += find_in(component, wanted);
      if (kept == kCyclesOfAName) return;
    }
  }

  // Whether a cycle of this class was found in the component.
  bool find_in(const Component& component, const CycleClass& wanted) {
    std::vector<Edge> starts;
    for (const Edge& edge : component.edges) {
      if (edge.kind == wanted.starts) starts.push_back(edge);
    }
    if (starts.empty()) return false;
    if (wanted.rw == Antidependencies::kOne)
      starts = closing(component, wanted.kinds & ~kRw, std::move(starts));
    CycleSearch search(component, wanted, visits_left_);
    NamedCycle best{std::string(wanted.name), {}, true, transactions_in(component)};
    // One class may not eat what the others need.
    const std::uint64_t reserve = visits_left_ - visits_left_ / 4;
    for (const Edge& start : starts) {
      if (visits_left_ <= reserve) {
        best.shortest = false;
        findings_.limit_reached = true;
        break;
      }
      const std::size_t bound = best.cycle.empty() ? ~std::size_t{0} : best.cycle.size();
      const std::vector<Edge> walk = search.from(start, bound);
      if (walk.empty()) continue;
      for (Cycle& cycle : simple_cycles(without_passes(walk)))
        take(component, wanted, std::move(cycle), best);
      if (best.cycle.size() == 2) break;
    }
    if (best.cycle.empty()) return false;
    findings_.cycles.push_back(std::move(best));
    return true;
  }

  void take(const Component& component, const CycleClass& wanted, Cycle cycle, NamedCycle& best) {
    const std::string name = name_of(cycle);
    for (Edge& edge : cycle) {
      edge.from = core_vertices_[component.vertices[edge.from]];
      edge.to = core_vertices_[component.vertices[edge.to]];
    }
    if (name == wanted.name) {
      if (best.cycle.empty() || cycle.size() < best.cycle.size()) best.cycle = std::move(cycle);
    } else if (!found(name) && !weaker_form_found(name)) {  // a piece of a walk: a fact all the same
      findings_.cycles.push_back({name, std::move(cycle), false, transactions_in(component)});
    }
  }

  std::uint32_t transactions_in(const Component& component) const {
    return static_cast<std::uint32_t>(
        std::count_if(component.vertices.begin(), component.vertices.end(),
                      [&](std::uint32_t vertex) { return core_vertices_[vertex] < transactions_; }));
  }

  Order order_;
  std::uint64_t visits_left_;
  CycleFindings findings_;
  std::uint32_t transactions_ = 0;
  std::vector<std::uint32_t> core_vertices_;  // what lies on cycles
  std::vector<Edge> core_edges_;
};

}  // namespace

std::string name_of(const Cycle& cycle) {
  std::size_t rw = 0, wr = 0, adjacent = 0;
  Kinds kinds = 0;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    kinds |= cycle[i].kind;
    rw += cycle[i].kind == kRw;
    wr += cycle[i].kind == kWr;
    adjacent += cycle[i].kind == kRw && cycle[(i + 1) % cycle.size()].kind == kRw;
  }
  const std::string_view base = rw == 0         ? (wr == 0 ? "G0" : "G1c")
                                : rw == 1       ? "G-single-item"
                                : adjacent == 0 ? "G-nonadjacent-item"
                                                : "G2-item";
  return cat(base, kinds & kRealtime ? "-realtime" : kinds & kProcess ? "-process" : "");
}

CycleFindings find_cycles(const DependencyGraph& graph, Order order, const CycleLimits& limits) {
  return Finder(graph, order, limits).run();
}

}  // namespace lockstep::transactions
