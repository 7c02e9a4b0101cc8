// Each source adds pairs; Boost.Graph finds the keys where they contradict each other.
#include "reports/transactions/version_order.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "reports/transactions/footprint.h"
#include "reports/transactions/graph.h"

namespace lockstep::transactions {

namespace {

bool visible(const Transactions& all, std::uint32_t version) {
  return version == kNone || (all.versions[version].last && all.versions[version].writer != kNone &&
                              all.transactions[all.versions[version].writer].happened);
}

// The first thing a transaction does to a key that others can order, and the last.
struct Touch {
  std::uint32_t key = 0;
  std::uint32_t first = kNone;  // version nodes
  std::uint32_t last = kNone;
};

std::vector<Touch> touches(const Transactions& all, std::uint32_t transaction) {
  std::vector<Touch> found;
  const auto steps = all.steps_of(transaction);
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (!is_first_of_key(steps, at)) continue;
    const std::uint32_t key = steps[at].key;
    const Step* write = last_write(steps, steps[at]);
    const Step& first = steps[at].write ? *write : steps[at];
    const Step& last = write != nullptr ? *write : steps[at];
    if (!visible(all, first.version) || !visible(all, last.version)) continue;
    found.push_back({key, VersionNode::of(all, key, first.version), VersionNode::of(all, key, last.version)});
  }
  return found;
}

class Inference {
 public:
  explicit Inference(const Transactions& all) : all_(all) {}

  void initial_states() {
    for (std::uint32_t version = 0; version < all_.versions.size(); ++version) {
      if (visible(all_, version)) add(VersionNode::initial(all_, all_.versions[version].key), version);
    }
  }

  void writes_follow_reads() {
    each_happened([&](std::uint32_t t) {
      for (const Touch& touch : touches(all_, t)) add(touch.first, touch.last);
    });
  }

  void sessions() {
    std::map<std::int64_t, std::map<std::uint32_t, std::uint32_t>> newest;  // process -> key -> node
    each_happened([&](std::uint32_t t) {
      auto& keys = newest[all_.transactions[t].process];
      for (const Touch& touch : touches(all_, t)) {
        const auto [entry, is_new] = keys.try_emplace(touch.key, touch.last);
        if (!is_new) add(entry->second, touch.first);
        entry->second = touch.last;
      }
    });
  }

  // Per key the touches that nothing later has passed yet: whoever comes after all of them need not say so of
  // those that they passed themselves.
  void realtime() {
    struct Passed {
      std::uint64_t invoked, returned;
      std::uint32_t last;
    };
    std::map<std::uint32_t, std::vector<Passed>> fronts;
    std::vector<std::uint32_t> by_return;
    each_happened([&](std::uint32_t t) { by_return.push_back(t); });
    // Invocations come in the order of numbers; a front holds who returned before the one at hand was
    // invoked.
    std::vector<std::uint32_t> returns = by_return;
    std::sort(returns.begin(), returns.end(), [&](std::uint32_t a, std::uint32_t b) {
      return all_.transactions[a].returned < all_.transactions[b].returned;
    });
    std::size_t next = 0;
    for (const std::uint32_t t : by_return) {
      const Transaction& transaction = all_.transactions[t];
      for (; next < returns.size() && all_.transactions[returns[next]].returned < transaction.invoked;
           ++next) {
        const Transaction& done = all_.transactions[returns[next]];
        for (const Touch& touch : touches(all_, returns[next])) {
          auto& front = fronts[touch.key];
          std::erase_if(front, [&](const Passed& other) { return other.returned < done.invoked; });
          front.push_back({done.invoked, done.returned, touch.last});
        }
      }
      for (const Touch& touch : touches(all_, t)) {
        for (const Passed& passed : fronts[touch.key]) add(passed.last, touch.first);
      }
    }
  }

  void log_indexes() {
    std::vector<std::pair<std::int64_t, std::uint32_t>> writers;
    each_happened([&](std::uint32_t t) {
      if (all_.transactions[t].log_index >= 0) writers.emplace_back(all_.transactions[t].log_index, t);
    });
    std::sort(writers.begin(), writers.end());
    std::map<std::uint32_t, std::uint32_t> newest;
    for (const auto& [index, t] : writers) {
      for (const Step& step : all_.steps_of(t)) {
        if (!step.write || !visible(all_, step.version)) continue;
        const auto [entry, is_new] = newest.try_emplace(step.key, step.version);
        if (!is_new) add(entry->second, step.version);
        entry->second = step.version;
      }
    }
  }

  VersionOrder order;

 private:
  template <class Visit>
  void each_happened(const Visit& visit) const {
    for (std::uint32_t t = 0; t < all_.transactions.size(); ++t) {
      if (all_.transactions[t].happened && all_.transactions[t].operation != kNone) visit(t);
    }
  }
  void add(std::uint32_t older, std::uint32_t newer) {
    if (older != newer) order.emplace_back(older, newer);
  }

  const Transactions& all_;
};

std::uint32_t key_of(const Transactions& all, std::uint32_t node) {
  return node < all.versions.size() ? all.versions[node].key
                                    : node - static_cast<std::uint32_t>(all.versions.size());
}

std::string node_text(const Transactions& all, std::uint32_t node) {
  return node < all.versions.size() ? all.version_text(node) : std::string("the initial state");
}

std::vector<std::string> prove_cycle(const Transactions& all, const VersionOrder& order, std::uint32_t key,
                                     const Components& parts) {
  std::vector<std::string> lines = {
      cat("of ", all.key_text(key), ", each of these must be older than the next:")};
  for (const auto& [older, newer] : order) {
    if (key_of(all, older) != key || parts.of[older] != parts.of[newer]) continue;
    const std::string line = cat("  ", node_text(all, older), " < ", node_text(all, newer));
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
    if (lines.size() > 8) break;
  }
  return lines;
}

Components components_of(const Transactions& all, const VersionOrder& order) {
  std::vector<Edge> edges;
  edges.reserve(order.size());
  for (const auto& [older, newer] : order) edges.push_back({older, newer, kWw});
  const auto nodes = static_cast<std::uint32_t>(all.versions.size() + all.keys.size());
  return strong_components(make_csr(nodes, edges, kWw));
}

}  // namespace

std::vector<std::uint32_t> cyclic_keys(const Transactions& all, const VersionOrder& order) {
  const Components parts = components_of(all, order);
  std::vector<std::uint32_t> keys;
  for (std::uint32_t node = 0; node < parts.of.size(); ++node) {
    if (parts.cyclic(node)) keys.push_back(key_of(all, node));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

VersionOrder infer_version_order(const Transactions& all, const VersionSources& sources,
                                 const Anomaly& contradiction, AnomalyLog& log) {
  Inference inference(all);
  inference.initial_states();
  inference.log_indexes();
  if (sources.writes_follow_reads) inference.writes_follow_reads();
  if (sources.session) inference.sessions();
  if (sources.realtime) inference.realtime();
  VersionOrder& order = inference.order;
  std::sort(order.begin(), order.end());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  const std::vector<std::uint32_t> contradictory = cyclic_keys(all, order);
  if (contradictory.empty()) return std::move(order);
  const Components parts = components_of(all, order);
  for (const std::uint32_t key : contradictory) {
    log.add(contradiction, [&] { return prove_cycle(all, order, key, parts); });
  }
  std::erase_if(order, [&](const auto& pair) {
    return std::binary_search(contradictory.begin(), contradictory.end(), key_of(all, pair.first));
  });
  return std::move(order);
}

void each_session_pair(const Transactions& all, const TouchPair& pair) {
  struct Last {
    const Step* read = nullptr;
    const Step* write = nullptr;
  };
  std::map<std::pair<std::int64_t, std::uint32_t>, Last> newest;  // (process, key)
  for (std::uint32_t t = 0; t < all.transactions.size(); ++t) {
    const Transaction& transaction = all.transactions[t];
    if (!transaction.happened || transaction.operation == kNone) continue;
    const auto steps = all.steps_of(t);
    for (std::size_t at = 0; at < steps.size(); ++at) {
      const bool counts =
          steps[at].write ? last_write(steps, steps[at]) == &steps[at] : is_external_read(steps, at);
      if (!counts) continue;
      const Last& last = newest[{transaction.process, steps[at].key}];
      if (last.read != nullptr) pair(steps[at].key, *last.read, steps[at], t);
      if (last.write != nullptr) pair(steps[at].key, *last.write, steps[at], t);
    }
    for (std::size_t at = 0; at < steps.size(); ++at) {
      Last& last = newest[{transaction.process, steps[at].key}];
      if (steps[at].write) {
        if (last_write(steps, steps[at]) == &steps[at]) last.write = &steps[at];
      } else if (is_external_read(steps, at)) {
        last.read = &steps[at];
      }
    }
  }
}

}  // namespace lockstep::transactions
