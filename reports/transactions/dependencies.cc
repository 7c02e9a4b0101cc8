// Linear in steps and elements; products of readers and writers go through waypoints.
#include "reports/transactions/dependencies.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "reports/transactions/footprint.h"

namespace lockstep::transactions {

namespace {

void make_unique(std::vector<std::uint32_t>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

bool writer_happened(const Transactions& all, std::uint32_t version) {
  const std::uint32_t writer = all.versions[version].writer;
  return writer != kNone && all.transactions[writer].happened;
}

void add_reads(const Transactions& all, DependencyGraph& graph) {
  for (std::uint32_t t = 0; t < all.transactions.size(); ++t) {
    if (!all.transactions[t].happened) continue;
    const auto steps = all.steps_of(t);
    for (std::size_t at = 0; at < steps.size(); ++at) {
      if (steps[at].version == kNone || !is_external_read(steps, at) ||
          !writer_happened(all, steps[at].version))
        continue;
      graph.add(all.versions[steps[at].version].writer, t, kWr, steps[at].key);
    }
  }
}

// Lists: the longest read gives the order; what was never read comes after it.
class Lists {
 public:
  Lists(const Transactions& all, DependencyGraph& graph)
      : all_(all), graph_(graph), tails_(all.lists.size()) {}

  void add() {
    link_elements();
    collect_unread();
    add_overwritten_reads();
    for (std::uint32_t key = 0; key < tails_.size(); ++key) finish(key);
  }

 private:
  struct Tail {
    std::uint32_t last_writer = kNone;   // of the longest list
    std::vector<std::uint32_t> readers;  // of the whole of it
    std::vector<std::uint32_t> unread;   // who appended what nobody read
    bool logged = true;                  // all of them have a place in the log
  };

  void link_elements() {
    next_.resize(all_.lists.size());
    for (std::uint32_t key = 0; key < all_.lists.size(); ++key) {
      const auto& list = all_.lists[key];
      std::uint32_t& last = tails_[key].last_writer;
      for (const std::uint32_t version : list) {
        if (!writer_happened(all_, version)) continue;
        const std::uint32_t writer = all_.versions[version].writer;
        if (last != kNone) graph_.add(last, writer, kWw, key);
        last = writer;
      }
      auto& next = next_[key];
      next.assign(list.size() + 1, kNone);
      for (std::size_t place = list.size(); place-- > 0;) {
        next[place] =
            writer_happened(all_, list[place]) ? all_.versions[list[place]].writer : next[place + 1];
      }
    }
  }

  void collect_unread() {
    for (const Version& version : all_.versions) {
      if (version.seen || version.writer == kNone || !all_.transactions[version.writer].happened) continue;
      tails_[version.key].unread.push_back(version.writer);
      tails_[version.key].logged &= all_.transactions[version.writer].log_index >= 0;
    }
  }

  void add_overwritten_reads() {
    for (std::uint32_t t = 0; t < all_.transactions.size(); ++t) {
      if (!all_.transactions[t].happened) continue;
      const auto steps = all_.steps_of(t);
      for (std::size_t at = 0; at < steps.size(); ++at) {
        const Step& step = steps[at];
        if (!step.list_is_prefix || !is_external_read(steps, at)) continue;
        const std::uint32_t next = next_[step.key][step.length];
        if (next != kNone) graph_.add(t, next, kRw, step.key);
        if (next == kNone) tails_[step.key].readers.push_back(t);
      }
    }
  }

  void finish(std::uint32_t key) {
    Tail& tail = tails_[key];
    if (tail.unread.empty()) return;
    make_unique(tail.unread);
    make_unique(tail.readers);
    if (tail.logged) {
      std::sort(tail.unread.begin(), tail.unread.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::pair(all_.transactions[a].log_index, a) < std::pair(all_.transactions[b].log_index, b);
      });
      for (std::size_t i = 1; i < tail.unread.size(); ++i)
        graph_.add(tail.unread[i - 1], tail.unread[i], kWw, key);
    }
    if (tail.last_writer != kNone) graph_.add_all(std::span(&tail.last_writer, 1), tail.unread, kWw, key);
    graph_.add_all(tail.readers, tail.unread, kRw, key);
  }

  const Transactions& all_;
  DependencyGraph& graph_;
  std::vector<Tail> tails_;
  std::vector<std::vector<std::uint32_t>> next_;  // per key and length: who appended next
};

void add_register_order(const Transactions& all, const VersionOrder& order, DependencyGraph& graph) {
  const std::size_t nodes = all.versions.size() + all.keys.size();
  std::vector<std::vector<std::uint32_t>> readers(nodes), newer(nodes);
  std::vector<bool> has_older(nodes);
  for (std::uint32_t t = 0; t < all.transactions.size(); ++t) {
    if (!all.transactions[t].happened) continue;
    const auto steps = all.steps_of(t);
    for (std::size_t at = 0; at < steps.size(); ++at) {
      if (is_external_read(steps, at))
        readers[VersionNode::of(all, steps[at].key, steps[at].version)].push_back(t);
    }
  }
  for (const auto& [older, later] : order) {
    if (older < all.versions.size()) has_older[later] = true;
  }
  for (const auto& [older, later] : order) {
    const std::uint32_t writer = all.versions[later].writer;
    if (older < all.versions.size())
      graph.add(all.versions[older].writer, writer, kWw, all.versions[later].key);
    // Whoever read the initial state is before the first versions, and through them before the others.
    if (older < all.versions.size() || !has_older[later]) newer[older].push_back(writer);
  }
  for (std::uint32_t node = 0; node < nodes; ++node) {
    if (readers[node].empty() || newer[node].empty()) continue;
    make_unique(readers[node]);
    make_unique(newer[node]);
    const std::uint32_t key = node < all.versions.size()
                                  ? all.versions[node].key
                                  : node - static_cast<std::uint32_t>(all.versions.size());
    graph.add_all(readers[node], newer[node], kRw, key);
  }
}

}  // namespace

void add_data_dependencies(const Transactions& all, const VersionOrder& order, DependencyGraph& graph) {
  add_reads(all, graph);
  if (all.workload == Workload::kListAppend) {
    Lists(all, graph).add();
  } else {
    add_register_order(all, order, graph);
  }
}

void add_session_order(const Transactions& all, DependencyGraph& graph) {
  std::map<std::int64_t, std::uint32_t> newest;
  for (std::uint32_t t = 0; t < all.transactions.size(); ++t) {
    if (!all.transactions[t].happened || all.transactions[t].operation == kNone) continue;
    const auto [entry, is_new] = newest.try_emplace(all.transactions[t].process, t);
    if (!is_new) graph.add(entry->second, t, kProcess, kNone);
    entry->second = t;
  }
}

void add_realtime_order(const Transactions& all, DependencyGraph& graph) {
  std::vector<std::uint32_t> at_position(all.history->events(), kNone);
  for (std::uint32_t t = 0; t < all.transactions.size(); ++t) {
    const Transaction& transaction = all.transactions[t];
    if (!transaction.happened || transaction.operation == kNone) continue;
    at_position[transaction.invoked] = t;
    if (transaction.returned != reports::Moment::kNever) at_position[transaction.returned] = t;
  }
  std::vector<std::uint32_t> returned;  // since the newest waypoint
  std::uint32_t waypoint = kNone;
  for (std::uint64_t position = 0; position < at_position.size(); ++position) {
    const std::uint32_t t = at_position[position];
    if (t == kNone) continue;
    if (all.transactions[t].returned == position) {
      returned.push_back(t);
      continue;
    }
    if (!returned.empty()) {
      const std::uint32_t next = graph.add_waypoint();
      if (waypoint != kNone) graph.add_pass(waypoint, next);
      for (const std::uint32_t earlier : returned) graph.add(earlier, next, kRealtime, kNone);
      returned.clear();
      waypoint = next;
    }
    if (waypoint != kNone) graph.add_pass(waypoint, t);
  }
}

namespace {

const Step* external_read(const Transactions& all, std::uint32_t transaction, std::uint32_t key,
                          std::uint32_t version_writer) {
  const Step* any = nullptr;
  const auto steps = all.steps_of(transaction);
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (steps[at].key != key || !is_external_read(steps, at)) continue;
    if (version_writer == kNone) return &steps[at];
    if (steps[at].version != kNone && all.versions[steps[at].version].writer == version_writer)
      return &steps[at];
    any = &steps[at];
  }
  return any;
}

// The answer, its middle left out if it is long.
std::string answer_text(const Step& step) {
  std::string text = to_json(*step.answer);
  constexpr std::size_t kEnds = 30;
  if (text.size() <= 2 * kEnds + 5) return text;
  return cat(text.substr(0, kEnds), " ... ", text.substr(text.size() - kEnds));
}

std::string wrote_text(const Transactions& all, std::uint32_t version) {
  const bool list = all.workload == Workload::kListAppend;
  return cat(list ? "appended " : "wrote ", all.version_text(version), " to ",
             all.key_text(all.versions[version].key));
}

// The write of `to` that follows the newest one of `from` that is older than it.
std::string explain_writes(const Transactions& all, const Edge& edge, std::string_view from,
                           std::string_view to) {
  std::uint32_t older = last_write_to(all.steps_of(edge.from), edge.key)->version;
  std::uint32_t newer = last_write_to(all.steps_of(edge.to), edge.key)->version;
  if (all.workload == Workload::kListAppend) {  // neighbours in the list
    for (const Step& a : all.steps_of(edge.from)) {
      for (const Step& b : all.steps_of(edge.to)) {
        if (!a.write || !b.write || a.key != edge.key || b.key != edge.key) continue;
        if (all.versions[a.version].place < all.versions[b.version].place)
          older = a.version, newer = b.version;
      }
    }
  }
  return cat(from, " ", wrote_text(all, older), ", and ", to, " ", wrote_text(all, newer), " after it");
}

std::string explain_overwritten(const Transactions& all, const Edge& edge, std::string_view from,
                                std::string_view to) {
  const Step* read = external_read(all, edge.from, edge.key, kNone);
  const Step* write = nullptr;
  for (const Step& step : all.steps_of(edge.to)) {
    if (step.write && step.key == edge.key && write == nullptr) write = &step;
  }
  if (all.workload == Workload::kRegister) write = last_write_to(all.steps_of(edge.to), edge.key);
  return cat(from, " read ", all.key_text(edge.key), " as ", answer_text(*read), ", and ", to, " ",
             wrote_text(all, write->version),
             all.workload == Workload::kListAppend ? ", which that does not show" : ", which is newer");
}

}  // namespace

std::string explain(const Transactions& all, const Edge& edge, std::string_view from, std::string_view to) {
  const auto event = [&](std::uint32_t t, bool returned) {
    const reports::Operation& operation = (*all.history)[all.transactions[t].operation];
    return returned ? operation.returned.index : operation.invoked.index;
  };
  switch (edge.kind) {
    case kWw: return explain_writes(all, edge, from, to);
    case kWr: {
      const Step* read = external_read(all, edge.to, edge.key, edge.from);
      return cat(from, " ", wrote_text(all, read->version), ", and ", to, " read it: ", answer_text(*read));
    }
    case kRw: return explain_overwritten(all, edge, from, to);
    case kProcess: return cat("process ", all.transactions[edge.from].process, " did ", from, " before ", to);
    case kRealtime:
      return cat(from, " had returned (event ", event(edge.from, true), ") when ", to, " was invoked (event ",
                 event(edge.to, false), ")");
    case kPass: break;
  }
  return std::string();
}

}  // namespace lockstep::transactions
