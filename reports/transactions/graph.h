// The dependency graph: transactions, and waypoints that stand for many edges at once.
//
// An edge a -> b says that a comes before b. Where every one of m transactions precedes every one of n
// others, a chain of waypoints says it with m + n edges instead of m * n: an edge into a waypoint has the
// kind of the dependency, the edges that lead on from it are passes and count for nothing.
#pragma once

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <cstdint>
#include <span>
#include <vector>

namespace lockstep::transactions {

enum Kind : std::uint8_t {
  kWw = 1 << 0,        // b installed the version after a's
  kWr = 1 << 1,        // b read a's version
  kRw = 1 << 2,        // b installed the version after the one that a read
  kProcess = 1 << 3,   // one process did a before b
  kRealtime = 1 << 4,  // a had returned when b was invoked
  kPass = 1 << 5,      // on from a waypoint
};
using Kinds = std::uint8_t;

struct Edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  Kind kind = kWw;
  std::uint32_t key = ~0u;  // of the data that say it; none for kProcess and kRealtime
};

class DependencyGraph {
 public:
  explicit DependencyGraph(std::uint32_t transactions)
      : transactions_(transactions), vertices_(transactions) {}

  // Loops are left out: a transaction may read what it wrote.
  void add(std::uint32_t from, std::uint32_t to, Kind kind, std::uint32_t key);
  // Every source before every target, but nobody before itself. No item twice in either list.
  void add_all(std::span<const std::uint32_t> sources, std::span<const std::uint32_t> targets, Kind kind,
               std::uint32_t key);
  std::uint32_t add_waypoint() { return vertices_++; }
  void add_pass(std::uint32_t from, std::uint32_t to) { edges_.push_back({from, to, kPass}); }

  bool is_waypoint(std::uint32_t vertex) const { return vertex >= transactions_; }
  std::uint32_t transactions() const { return transactions_; }
  std::uint32_t vertices() const { return vertices_; }
  const std::vector<Edge>& edges() const { return edges_; }

 private:
  std::uint32_t transactions_;
  std::uint32_t vertices_;
  std::vector<Edge> edges_;
};

struct Label {
  std::uint32_t edge = 0;  // its place in the list that the graph was made of
};
using Csr = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, Label,
                                               boost::no_property, std::uint32_t, std::uint32_t>;

// The edges of these kinds, passes included.
Csr make_csr(std::uint32_t vertices, std::span<const Edge> edges, Kinds kinds);

// Strongly connected components, numbered so that an edge between two goes from a larger number to a smaller
// one.
struct Components {
  std::vector<std::uint32_t> of;    // vertex -> component
  std::vector<std::uint32_t> size;  // component -> vertices
  bool cyclic(std::uint32_t vertex) const { return size[of[vertex]] > 1; }
  bool any_cyclic() const;
};
Components strong_components(const Csr& graph);
// Those with an edge of this kind inside: each once, by its first vertex.
std::vector<std::uint32_t> components_with(Kind kind, const Components& parts, std::span<const Edge> edges);

}  // namespace lockstep::transactions
