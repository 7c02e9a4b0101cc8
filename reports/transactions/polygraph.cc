// Propagation to a fixpoint, a guess of a whole order, and only then decisions one by one.
#include "reports/transactions/polygraph.h"

#include <algorithm>
#include <deque>

#include "base/text.h"
#include "reports/transactions/explain.h"
#include "reports/transactions/footprint.h"
#include "reports/transactions/reach_matrix.h"

namespace lockstep::transactions {

namespace {

using reports::Outcome;

constexpr std::size_t kMostBytes = 1ull << 30;

// Two versions of one key whose order is open.
struct Choice {
  std::uint32_t key, a, b;  // versions; a < b as numbers
};

struct State {
  ReachMatrix reach;
  std::vector<std::uint32_t> open;  // places of choices
  std::vector<Edge> decided;        // edges of the sides that were taken
};

class Solver {
 public:
  Solver(const Transactions& all, const DependencyGraph& graph, Level level, const PolygraphLimits& limits)
      : all_(all), graph_(graph), level_(level), limits_(limits) {}

  PolygraphFindings run() {
    if (nodes() > limits_.vertices)
      return unknown(cat(graph_.vertices(), " transactions are more than an exact search takes"));
    for (const Edge& edge : graph_.edges()) expand(edge, known_);
    const Components parts = strong_components(csr_of(known_));
    if (parts.any_cyclic()) {
      findings_.outcome = Outcome::kViolated;
      findings_.proof = {"what is known of the order of transactions contradicts itself"};
      return std::move(findings_);
    }
    collect_readers();
    State root{ReachMatrix(nodes()), {}, {}};
    fill(parts, root.reach);
    if (!collect_choices(root)) return unknown("too many writes whose order is open");
    findings_.choices = choices_.size();
    const Outcome found = search(std::move(root), 0);
    findings_.outcome = found;
    if (found == Outcome::kUnknown && findings_.unknown_because.empty())
      findings_.unknown_because = "the search reached its limit";
    return std::move(findings_);
  }

 private:
  std::uint32_t copies() const { return level_ == kSerializable ? 1 : 2; }
  std::uint32_t nodes() const { return graph_.vertices() * copies(); }

  PolygraphFindings unknown(std::string why) {
    findings_.unknown_because = std::move(why);
    return std::move(findings_);
  }

  using NodeEdges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

  // The edge as the acyclicity of this level sees it.
  void expand(const Edge& edge, NodeEdges& out) const {
    if (copies() == 1) {
      out.emplace_back(edge.from, edge.to);
      return;
    }
    const bool bars = edge.kind == kRw || (edge.kind == kWw && level_ == kPrefix);
    for (const std::uint32_t copy : {0u, 1u}) {
      if (edge.kind == kRw && copy == 1) continue;
      const std::uint32_t to = edge.kind == kPass ? copy : bars ? 1 : 0;
      out.emplace_back(2 * edge.from + copy, 2 * edge.to + to);
    }
  }

  Csr csr_of(const NodeEdges& edges) const {
    std::vector<Edge> plain;
    plain.reserve(edges.size());
    for (const auto& [from, to] : edges) plain.push_back({from, to, kWw});
    return make_csr(nodes(), plain, kWw);
  }

  void fill(const Components& parts, ReachMatrix& reach) {
    NodeEdges edges = known_;
    std::sort(edges.begin(), edges.end(), [&](const auto& a, const auto& b) {
      return std::pair(parts.of[a.first], a.second) < std::pair(parts.of[b.first], b.second);
    });
    for (const auto& [from, to] : edges) reach.add_in_reverse(from, to);
  }

  void collect_readers() {
    readers_.resize(all_.versions.size());
    for (std::uint32_t t = 0; t < all_.transactions.size(); ++t) {
      if (!all_.transactions[t].happened) continue;
      const auto steps = all_.steps_of(t);
      for (std::size_t at = 0; at < steps.size(); ++at) {
        if (steps[at].version != kNone && is_external_read(steps, at))
          readers_[steps[at].version].push_back(t);
      }
    }
  }

  bool collect_choices(State& root) {
    std::vector<std::vector<std::uint32_t>> of_key(all_.keys.size());
    for (std::uint32_t version = 0; version < all_.versions.size(); ++version) {
      const Version& made = all_.versions[version];
      if (!made.last || made.writer == kNone || !all_.transactions[made.writer].happened) continue;
      if (all_.workload == Workload::kListAppend && made.seen) continue;
      of_key[made.key].push_back(version);
    }
    for (std::uint32_t key = 0; key < of_key.size(); ++key) {
      for (std::size_t b = 1; b < of_key[key].size(); ++b) {
        for (std::size_t a = 0; a < b; ++a) {
          if (all_.versions[of_key[key][a]].writer == all_.versions[of_key[key][b]].writer) continue;
          if (choices_.size() == limits_.choices) return false;
          root.open.push_back(static_cast<std::uint32_t>(choices_.size()));
          choices_.push_back({key, of_key[key][a], of_key[key][b]});
        }
      }
    }
    return true;
  }

  // What it means that `first` is the older one.
  std::vector<Edge> side(std::uint32_t first, std::uint32_t second) const {
    const std::uint32_t key = all_.versions[first].key, after = all_.versions[second].writer;
    std::vector<Edge> edges = {{all_.versions[first].writer, after, kWw, key}};
    for (const std::uint32_t reader : readers_[first]) {
      if (reader != after) edges.push_back({reader, after, kRw, key});
    }
    return edges;
  }

  NodeEdges expanded(const std::vector<Edge>& edges) const {
    NodeEdges out;
    for (const Edge& edge : edges) expand(edge, out);
    return out;
  }

  bool possible(const State& state, const std::vector<Edge>& edges) const {
    const NodeEdges out = expanded(edges);
    return std::none_of(out.begin(), out.end(), [&](const auto& edge) {
      return edge.first == edge.second || state.reach.reaches(edge.second, edge.first);
    });
  }

  bool take(State& state, const std::vector<Edge>& edges) {
    for (const auto& [from, to] : expanded(edges)) {
      if (!state.reach.add(from, to, work_)) return false;
    }
    state.decided.insert(state.decided.end(), edges.begin(), edges.end());
    return true;
  }

  // Takes whatever is forced. False: a choice has no side left.
  bool propagate(State& state, bool at_root) {
    for (bool changed = true; changed;) {
      changed = false;
      std::vector<std::uint32_t> still_open;
      for (const std::uint32_t place : state.open) {
        const Choice& choice = choices_[place];
        const std::vector<Edge> a_first = side(choice.a, choice.b), b_first = side(choice.b, choice.a);
        const bool a_possible = possible(state, a_first), b_possible = possible(state, b_first);
        work_ += 2;
        if (a_possible && b_possible) {
          still_open.push_back(place);
          continue;
        }
        changed = true;
        if ((!a_possible && !b_possible) || !take(state, a_possible ? a_first : b_first)) {
          if (at_root) prove_impossible(state, choice);
          return false;
        }
      }
      state.open = std::move(still_open);
    }
    return true;
  }

  // Orders all open choices as the graph so far suggests. The open choice that fails, none if the guess
  // holds.
  std::uint32_t guess(const State& state, std::vector<std::uint32_t>& rank) const {
    rank.resize(nodes());
    for (std::uint32_t node = 0; node < nodes(); ++node) rank[node] = nodes() - state.reach.count(node);
    NodeEdges edges = known_;
    for (const Edge& edge : state.decided) expand(edge, edges);
    for (const std::uint32_t place : state.open) {
      for (const Edge& edge : preferred(choices_[place], rank)) expand(edge, edges);
    }
    const Components parts = strong_components(csr_of(edges));
    if (!parts.any_cyclic()) return kNone;
    for (const std::uint32_t place : state.open) {
      for (const auto& [from, to] : expanded(preferred(choices_[place], rank))) {
        if (parts.of[from] == parts.of[to]) return place;
      }
    }
    return state.open.empty() ? kNone : state.open.front();
  }

  bool a_is_first(const Choice& choice, const std::vector<std::uint32_t>& rank) const {
    const std::uint32_t a = all_.versions[choice.a].writer * copies(),
                        b = all_.versions[choice.b].writer * copies();
    return std::pair(rank[a], a) < std::pair(rank[b], b);
  }

  std::vector<Edge> preferred(const Choice& choice, const std::vector<std::uint32_t>& rank) const {
    return a_is_first(choice, rank) ? side(choice.a, choice.b) : side(choice.b, choice.a);
  }

  Outcome search(State state, std::size_t depth) {
    if (work_ > limits_.work || depth * state.reach.bytes() > kMostBytes) return Outcome::kUnknown;
    if (!propagate(state, depth == 0)) return Outcome::kViolated;
    if (state.open.empty()) return Outcome::kHolds;
    std::vector<std::uint32_t> rank;
    const std::uint32_t place = guess(state, rank);
    if (place == kNone) return Outcome::kHolds;
    const Choice choice = choices_[place];
    const bool a_first = a_is_first(choice, rank);
    std::erase(state.open, place);
    ++findings_.tried;
    for (const bool preferred_side : {true, false}) {
      State next = preferred_side ? state : std::move(state);
      const bool a = a_first == preferred_side;
      if (!take(next, a ? side(choice.a, choice.b) : side(choice.b, choice.a))) continue;
      const Outcome found = search(std::move(next), depth + 1);
      if (found != Outcome::kViolated) return found;
    }
    if (depth == 0 && findings_.proof.empty()) prove_exhausted(choice);
    return Outcome::kViolated;
  }

  // Transactions on a shortest way between two nodes, by edges that are known or forced.
  std::vector<std::uint32_t> way(const State& state, std::uint32_t from, std::uint32_t to) const {
    NodeEdges edges = known_;
    for (const Edge& edge : state.decided) expand(edge, edges);
    const Csr graph = csr_of(edges);
    std::vector<std::uint32_t> parent(nodes(), kNone);
    std::deque<std::uint32_t> queue = {from};
    parent[from] = from;
    while (!queue.empty() && parent[to] == kNone) {
      const std::uint32_t node = queue.front();
      queue.pop_front();
      for (auto [edge, end] = boost::out_edges(node, graph); edge != end; ++edge) {
        const std::uint32_t next = boost::target(*edge, graph);
        if (parent[next] != kNone) continue;
        parent[next] = node;
        queue.push_back(next);
      }
    }
    std::vector<std::uint32_t> nodes_on_way;
    for (std::uint32_t node = to; parent[node] != kNone; node = parent[node]) {
      if (!graph_.is_waypoint(node / copies())) nodes_on_way.push_back(node / copies());
      if (node == from) break;
    }
    std::reverse(nodes_on_way.begin(), nodes_on_way.end());
    return nodes_on_way;
  }

  void prove_impossible(const State& state, const Choice& choice) {
    Cast cast(all_);
    const std::uint32_t a = all_.versions[choice.a].writer, b = all_.versions[choice.b].writer;
    cast.name(a);
    cast.name(b);
    std::vector<std::string> lines = {
        cat(cast.name(a), " wrote ", all_.version_text(choice.a), " to ", all_.key_text(choice.key), " and ",
            cast.name(b), " wrote ", all_.version_text(choice.b), " to it; neither can be the older one")};
    for (const bool a_first : {true, false}) {
      const std::string older = cast.name(a_first ? a : b);
      lines.push_back(
          cat("if ", older, "'s is older, ",
              why_not(state, a_first ? side(choice.a, choice.b) : side(choice.b, choice.a), cast)));
    }
    findings_.proof = cast.proof({});
    findings_.proof.insert(findings_.proof.end(), lines.begin(), lines.end());
  }

  std::string why_not(const State& state, const std::vector<Edge>& edges, Cast& cast) const {
    for (const Edge& edge : edges) {
      for (const auto& [from, to] : expanded({edge})) {
        if (!state.reach.reaches(to, from)) continue;
        std::string known;
        for (const std::uint32_t t : way(state, to, from))
          known += cat(known.empty() ? "" : " < ", cast.name(t));
        return cat(cast.name(edge.from), " < ", cast.name(edge.to),
                   edge.kind == kRw ? ", which read the older one" : "", "; but ", known, " is forced");
      }
    }
    return "its edges together close a cycle";
  }

  void prove_exhausted(const Choice& choice) {
    Cast cast(all_);
    const std::string a = cast.name(all_.versions[choice.a].writer),
                      b = cast.name(all_.versions[choice.b].writer);
    findings_.proof = cast.proof({});
    findings_.proof.push_back(cat("every order of the writes was tried (", findings_.tried,
                                  " decisions), beginning with those of ", a, " and ", b, " to ",
                                  all_.key_text(choice.key), ": each leads to a cycle"));
  }

  const Transactions& all_;
  const DependencyGraph& graph_;
  const Level level_;
  const PolygraphLimits limits_;
  PolygraphFindings findings_;
  NodeEdges known_;
  std::vector<std::vector<std::uint32_t>> readers_;  // of a version
  std::vector<Choice> choices_;
  std::uint64_t work_ = 0;
};

}  // namespace

PolygraphFindings solve(const Transactions& all, const DependencyGraph& graph, Level level,
                        const PolygraphLimits& limits) {
  return Solver(all, graph, level, limits).run();
}

}  // namespace lockstep::transactions
