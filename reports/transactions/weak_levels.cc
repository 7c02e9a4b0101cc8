// Forced edges level by level; the reason of each is kept for the proof.
#include "reports/transactions/weak_levels.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "reports/transactions/cycle_search.h"
#include "reports/transactions/dependencies.h"
#include "reports/transactions/explain.h"
#include "reports/transactions/footprint.h"
#include "reports/transactions/session_writes.h"

namespace lockstep::transactions {

namespace {

constexpr std::uint64_t kMostClockEntries = 200'000'000;

// a comes before b, because t read `key` from b and could see a.
struct Forced {
  std::uint32_t before, after, reader, key;
  auto operator<=>(const Forced&) const = default;
};

// A read of what another transaction wrote, or of the initial state.
struct ForeignRead {
  std::uint32_t key, writer;
};

class WeakLevels {
 public:
  WeakLevels(const Transactions& all, const DependencyGraph& graph, Order order, AnomalyLog& log)
      : all_(all), graph_(graph), order_(order), log_(log), initial_(graph.vertices()) {
    index_writes();
    index_sessions();
  }

  bool run() {
    const std::string suffix = order_ == Order::kSession ? "-process" : "";
    each_reader([&](std::uint32_t t, const std::vector<ForeignRead>& reads) { see_earlier_reads(t, reads); });
    if (judge(cat("non-monotonic-read", suffix))) return true;
    each_reader([&](std::uint32_t t, const std::vector<ForeignRead>& reads) { see_all_reads(t, reads); });
    if (judge(cat("fractured-read", suffix))) return true;
    if (order_ != Order::kSession) return true;
    if (!see_causal_past()) return false;
    judge("causal-violation");
    return true;
  }

 private:
  void index_writes() {
    keys_of_.resize(all_.transactions.size());
    for (std::uint32_t t = 0; t < all_.transactions.size(); ++t) {
      if (!all_.transactions[t].happened) continue;
      for (const Step& step : all_.steps_of(t)) {
        if (step.write) keys_of_[t].push_back(step.key);
      }
      std::sort(keys_of_[t].begin(), keys_of_[t].end());
      keys_of_[t].erase(std::unique(keys_of_[t].begin(), keys_of_[t].end()), keys_of_[t].end());
    }
  }

  void index_sessions() {
    std::map<std::int64_t, std::uint32_t> number;
    place_.resize(all_.transactions.size());
    for (std::uint32_t t = 0; t < all_.transactions.size(); ++t) {
      const Transaction& transaction = all_.transactions[t];
      if (!transaction.happened || transaction.operation == kNone) continue;
      const auto [entry, is_new] =
          number.try_emplace(transaction.process, static_cast<std::uint32_t>(sessions_.size()));
      if (is_new) sessions_.emplace_back();
      place_[t] = {entry->second, static_cast<std::uint32_t>(sessions_[entry->second].size())};
      sessions_[entry->second].push_back(t);
      if (order_ != Order::kSession) continue;
      for (const std::uint32_t key : keys_of_[t]) writes_.add(key, place_[t].first, place_[t].second);
    }
  }

  bool writes(std::uint32_t t, std::uint32_t key) const {
    return std::binary_search(keys_of_[t].begin(), keys_of_[t].end(), key);
  }

  std::vector<ForeignRead> foreign_reads(std::uint32_t t) const {
    std::vector<ForeignRead> reads;
    const auto steps = all_.steps_of(t);
    for (std::size_t at = 0; at < steps.size(); ++at) {
      if (!is_external_read(steps, at)) continue;
      const std::uint32_t writer =
          steps[at].version == kNone ? initial_ : all_.versions[steps[at].version].writer;
      if (writer == kNone || writer == t) continue;
      if (writer != initial_ && !all_.transactions[writer].happened) continue;
      reads.push_back({steps[at].key, writer});
    }
    return reads;
  }

  template <class Visit>
  void each_reader(const Visit& visit) const {
    for (std::uint32_t t = 0; t < all_.transactions.size(); ++t) {
      if (all_.transactions[t].completion != reports::Completion::kOk ||
          all_.transactions[t].operation == kNone)
        continue;
      visit(t, foreign_reads(t));
    }
  }

  void force(std::uint32_t before, const ForeignRead& read, std::uint32_t reader) {
    if (before != read.writer && before != reader) forced_.push_back({before, read.writer, reader, read.key});
  }

  // Quadratic in the reads of one transaction, like the next; transactions are short.
  void see_earlier_reads(std::uint32_t t, const std::vector<ForeignRead>& reads) {
    for (std::size_t later = 1; later < reads.size(); ++later) {
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        const std::uint32_t seen = reads[earlier].writer;
        if (seen != initial_ && writes(seen, reads[later].key)) force(seen, reads[later], t);
      }
    }
  }

  void see_all_reads(std::uint32_t t, const std::vector<ForeignRead>& reads) {
    for (const ForeignRead& read : reads) {
      for (const ForeignRead& other : reads) {
        if (other.writer != initial_ && writes(other.writer, read.key)) force(other.writer, read, t);
      }
      if (order_ != Order::kSession) continue;
      const auto [session, place] = place_[t];
      // The last that wrote the key: those before it come before it.
      if (const auto earlier = writes_.last(read.key, session, place)) force(sessions_[session][*earlier], read, t);
    }
  }

  // Clocks: of each session, how many of its transactions are in the causal past.
  bool see_causal_past() {
    const std::uint64_t width = sessions_.size();
    if (width * all_.transactions.size() > kMostClockEntries) return false;
    const std::vector<Edge> edges = known_edges();
    const Csr csr = make_csr(graph_.vertices() + 1, edges, kWr | kProcess);
    const Components parts = strong_components(csr);
    if (parts.any_cyclic()) return true;  // a cycle of the history's own edges is reported as such
    std::vector<std::uint32_t> sources_first(parts.of.size());
    for (std::uint32_t vertex = 0; vertex < parts.of.size(); ++vertex)
      sources_first[parts.size.size() - 1 - parts.of[vertex]] = vertex;
    std::vector<std::uint32_t> clocks(all_.transactions.size() * width);
    for (const std::uint32_t vertex : sources_first) {
      if (vertex >= all_.transactions.size()) continue;
      for (auto [edge, end] = boost::out_edges(vertex, csr); edge != end; ++edge) {
        const std::uint32_t to = boost::target(*edge, csr);
        if (edges[csr[*edge].edge].kind == kPass || to >= all_.transactions.size()) continue;
        for (std::uint32_t session = 0; session < width; ++session)
          clocks[to * width + session] =
              std::max(clocks[to * width + session], clocks[vertex * width + session]);
        if (all_.transactions[vertex].operation == kNone) continue;
        const auto [session, place] = place_[vertex];
        clocks[to * width + session] = std::max(clocks[to * width + session], place + 1);
      }
    }
    each_reader([&](std::uint32_t t, const std::vector<ForeignRead>& reads) {
      for (const ForeignRead& read : reads) {
        writes_.each_last(
            read.key, [&](std::uint32_t session) { return clocks[t * width + session]; },
            [&](std::uint32_t session, std::uint32_t place) { force(sessions_[session][place], read, t); });
      }
    });
    return true;
  }

  std::vector<Edge> known_edges() const {
    const Kinds kinds = kWw | kWr | (order_ == Order::kSession ? kProcess : 0);
    std::vector<Edge> edges;
    for (const Edge& edge : graph_.edges()) {
      if (edge.kind & kinds) edges.push_back(edge);
    }
    return edges;
  }

  // Forced edges take the place of kRw, with the place of their reason as key.
  bool judge(std::string_view name) {
    std::sort(forced_.begin(), forced_.end());
    forced_.erase(std::unique(forced_.begin(), forced_.end()), forced_.end());
    std::vector<Edge> edges = known_edges();
    for (std::uint32_t i = 0; i < forced_.size(); ++i) {
      edges.push_back({forced_[i].before, forced_[i].after, kRw, i});
      if (forced_[i].after == initial_) edges.push_back({initial_, forced_[i].before, kWw, forced_[i].key});
    }
    const std::uint32_t vertices = graph_.vertices() + 1;
    const Components parts = strong_components(make_csr(vertices, edges, kWw | kWr | kRw | kProcess));
    // A knot without a forced edge is a cycle of what is known already, and others name it.
    return std::ranges::any_of(components_with(kRw, parts, edges),
                               [&](std::uint32_t part) { return prove(name, edges, parts, part); });
  }

  bool prove(std::string_view name, const std::vector<Edge>& edges, const Components& parts,
             std::uint32_t part) {
    Component component;
    std::vector<std::uint32_t> place(parts.of.size());
    for (std::uint32_t vertex = 0; vertex < parts.of.size(); ++vertex) {
      if (parts.of[vertex] != part) continue;
      place[vertex] = static_cast<std::uint32_t>(component.vertices.size());
      component.vertices.push_back(vertex);
    }
    for (const Edge& edge : edges) {
      if (parts.of[edge.from] == part && parts.of[edge.to] == part)
        component.edges.push_back({place[edge.from], place[edge.to], edge.kind, edge.key});
    }
    const CycleClass any{name, kWw | kWr | kRw | kProcess, kRw, Antidependencies::kAny, false, 0};
    std::uint64_t visits = 100'000'000;
    CycleSearch search(component, any, visits);
    std::vector<Edge> best;
    for (const Edge& edge : component.edges) {
      if (edge.kind != kRw) continue;
      const std::vector<Edge> walk = search.from(edge, best.empty() ? ~std::size_t{0} : best.size());
      if (!walk.empty()) best = walk;
      if (best.size() == 2 || visits == 0) break;
    }
    if (best.empty()) return false;
    for (Edge& edge : best) {
      edge.from = component.vertices[edge.from];
      edge.to = component.vertices[edge.to];
    }
    Anomaly found = AnomalyLog::known(name);
    // Of lists, read committed is Adya's: it does not care in which order a transaction reads.
    if (all_.workload == Workload::kListAppend) found.rules_out &= at_least(kReadAtomic);
    log_.add(std::move(found), [&] { return lines_of(best); });
    return true;
  }

  std::vector<std::string> lines_of(const Cycle& cycle) const {
    Cast cast(all_, initial_);
    for (const Edge& edge : cycle) {
      cast.name(edge.from);
      if (edge.kind == kRw) cast.name(forced_[edge.key].reader);
    }
    std::vector<std::string> reasons;
    for (const Edge& edge : cycle) {
      const std::string from = cast.name(edge.from), to = cast.name(edge.to);
      std::string why = edge.from == initial_ ? std::string("it is the initial state") : std::string();
      if (edge.kind == kRw) {
        const Forced& forced = forced_[edge.key];
        const std::string reader = cast.name(forced.reader), key = all_.key_text(forced.key);
        why = cat(reader, " could see ", from, ", which wrote ", key, ", and yet read ", key, " from ", to);
      } else if (why.empty()) {
        why = explain(all_, edge, from, to);
      }
      reasons.push_back(cat(from, " < ", to, ", because ", why));
    }
    return cast.proof(std::move(reasons));
  }

  const Transactions& all_;
  const DependencyGraph& graph_;
  const Order order_;
  AnomalyLog& log_;
  const std::uint32_t initial_;                       // the vertex of what was there before everything
  std::vector<std::vector<std::uint32_t>> keys_of_;   // that a transaction writes, sorted
  std::vector<std::vector<std::uint32_t>> sessions_;  // their transactions
  std::vector<std::pair<std::uint32_t, std::uint32_t>> place_;  // session, place in it
  SessionWrites writes_;  // for kSession
  std::vector<Forced> forced_;
};

}  // namespace

bool check_weak_levels(const Transactions& all, const DependencyGraph& graph, Order order, AnomalyLog& log) {
  return WeakLevels(all, graph, order, log).run();
}

}  // namespace lockstep::transactions
