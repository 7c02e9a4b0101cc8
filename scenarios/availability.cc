// The run is cut where anything changes; what is longer than the bound and has a quorum is looked at.
//
// A cut begins the clock anew, so that a cluster which is hit again and again owes nothing; it may need an
// election, and clients their patience, after each.
#include "scenarios/availability.h"

#include <algorithm>
#include <bit>
#include <map>

#include "base/text.h"
#include "reports/evidence.h"
#include "reports/render.h"
#include "scenarios/roster.h"

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::Operation;
using NodeSet = std::uint32_t;  // bit i: the node at place i

struct Moment {
  Duration at{};
  std::size_t operation = 0;
  bool is_return = false;
};

bool is_served(const Operation& operation) {
  if (operation.completion == Completion::kOk) return true;
  const bool nobody_ran_it =
      operation.error == "not executed" || operation.error == "no answer" || operation.error == "aborted";
  return operation.completion == Completion::kFail && !nobody_ran_it;
}

bool is_owed(const Operation& operation) {
  return !operation.f.starts_with("local-") && operation.f != "version";
}

// What holds from one change to the next.
struct Stretch {
  Duration from{};
  Duration until{};
};

class Watch {
 public:
  Watch(const AvailabilityRules& rules, std::span<const Outage> outages, const reports::History& history,
        const std::vector<std::uint32_t>& clients)
      : rules_(rules), outages_(outages), history_(history), clients_(clients) {
    for (std::size_t number = 0; number < history.size(); ++number) {
      const Operation& operation = history[number];
      if (!is_owed(operation) || clients_[number] == 0) continue;
      moments_.push_back({Duration(operation.invoked.time_ns), number, false});
      if (operation.returned.position != reports::Moment::kNever)
        moments_.push_back({Duration(operation.returned.time_ns), number, true});
    }
    std::ranges::sort(moments_, {}, [this](const Moment& moment) {
      const Operation& operation = history_[moment.operation];
      return moment.is_return ? operation.returned.position : operation.invoked.position;
    });
  }

  reports::Verdict judge() {
    for (const Stretch& stretch : stretches()) {
      if (stretch.until - stretch.from <= rules_.bound) continue;
      const auto quorums = quorums_at(stretch.from);
      if (quorums.empty()) continue;
      ++watched_;
      look_at(stretch, quorums);
    }
    reports::Verdict verdict{
        .name = "availability",
        .promise = cat("while a quorum is sound and connected, whoever reaches it is served "
                       "within ",
                       to_string(rules_.bound)),
        .outcome = reports::Outcome::kHolds,
        .checked = {{"stretches", watched_}},
        .evidence = {}};
    evidence_.conclude(verdict);
    return verdict;
  }

 private:
  static constexpr Duration kNobody = Duration(-1);
  // Whoever asks again after a pause of up to so much of the bound has waited all the time.
  static constexpr int kPauses = 4;

  std::vector<Stretch> stretches() const {
    if (moments_.empty()) return {};
    const Duration end = moments_.back().at;
    std::vector<Duration> cuts{Duration(), end};
    for (const Outage& outage : outages_)
      for (const Duration at : {outage.from, outage.until})
        if (at < end) cuts.push_back(at);
    std::ranges::sort(cuts);
    std::vector<Stretch> all;
    for (std::size_t i = 1; i < cuts.size(); ++i)
      if (cuts[i - 1] < cuts[i]) all.push_back({cuts[i - 1], cuts[i]});
    return all;
  }

  bool cut(Duration at, NodeId a, NodeId b) const {
    return std::ranges::any_of(outages_,
                               [&](const Outage& outage) { return outage.is_at(at) && outage.cuts(a, b); });
  }

  // All sets of so many nodes of which each reaches each; a node that reaches itself is sound. Exponential; n
  // <= 9.
  std::vector<NodeSet> quorums_at(Duration at) const {
    std::vector<NodeSet> reached;
    for (const NodeId node : rules_.nodes) reached.push_back(reached_by(at, node));
    std::vector<NodeSet> quorums;
    for (NodeSet some = 1; some < NodeSet{1} << rules_.nodes.size(); ++some) {
      if (static_cast<std::size_t>(std::popcount(some)) != rules_.quorum) continue;
      bool connected = true;
      for (std::size_t i = 0; i < rules_.nodes.size(); ++i)
        connected = connected && ((some >> i & 1) == 0 || (reached[i] & some) == some);
      if (connected) quorums.push_back(some);
    }
    return quorums;
  }

  NodeSet reached_by(Duration at, NodeId host) const {
    NodeSet reached = 0;
    for (std::size_t i = 0; i < rules_.nodes.size(); ++i)
      if (!cut(at, host, rules_.nodes[i])) reached |= NodeSet{1} << i;
    return reached;
  }

  bool reaches_any(const std::vector<NodeSet>& quorums, Duration at, std::uint32_t client) const {
    const NodeSet reached = reached_by(at, Roster::client(client));
    return std::ranges::any_of(quorums, [reached](NodeSet quorum) { return (reached & quorum) == quorum; });
  }

  void look_at(const Stretch& stretch, const std::vector<NodeSet>& quorums) {
    std::map<std::uint32_t, bool> may_ask;
    const auto asks = [&](std::size_t operation) {
      const auto [found, is_new] = may_ask.try_emplace(clients_[operation]);
      if (is_new) found->second = reaches_any(quorums, stretch.from, clients_[operation]);
      return found->second;
    };
    Duration waiting = kNobody;  // since when somebody does, and is not served
    Duration gave_up = kNobody;  // since when nobody asks, though nobody was served
    std::uint64_t open = 0;
    for (const Moment& moment : moments_) {
      if (moment.at >= stretch.until) break;
      const bool is_asking = asks(moment.operation);
      if (is_asking) open += moment.is_return ? -1 : 1;
      if (moment.at < stretch.from) {
        waiting = open > 0 ? stretch.from : kNobody;
        continue;
      }
      if (moment.is_return && is_served(history_[moment.operation])) {
        complain_if_late(stretch, waiting, gave_up == kNobody ? moment.at : gave_up);
        waiting = open > 0 ? moment.at : kNobody;
        gave_up = kNobody;
      } else if (moment.is_return) {
        if (is_asking && open == 0 && waiting != kNobody) gave_up = moment.at;
      } else if (is_asking) {
        if (gave_up != kNobody && moment.at - gave_up > rules_.bound / kPauses) {
          complain_if_late(stretch, waiting, gave_up);
          waiting = kNobody;
        }
        gave_up = kNobody;
        if (waiting == kNobody) waiting = moment.at;
      }
    }
    complain_if_late(stretch, waiting, gave_up == kNobody ? stretch.until : gave_up);
  }

  void complain_if_late(const Stretch& stretch, Duration waiting, Duration now) {
    if (waiting == kNobody || now - waiting <= rules_.bound) return;
    evidence_.add(cat("clients waited from ", reports::readable(waiting), " to ", reports::readable(now),
                      "; nothing had changed since ", reports::readable(stretch.from),
                      ", and a quorum was sound and connected"));
  }

  const AvailabilityRules& rules_;
  std::span<const Outage> outages_;
  const reports::History& history_;
  const std::vector<std::uint32_t>& clients_;
  std::vector<Moment> moments_;
  reports::Evidence evidence_;
  std::uint64_t watched_ = 0;
};

}  // namespace

reports::Verdict check_availability(const AvailabilityRules& rules, std::span<const Outage> outages,
                                    const reports::History& history,
                                    const std::vector<std::uint32_t>& clients) {
  return Watch(rules, outages, history, clients).judge();
}

}  // namespace lockstep::scenarios
