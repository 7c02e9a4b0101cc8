// The run is cut where anything changes; what is longer than the bound and has a quorum is looked at.
//
// A cut begins the clock anew, so that a cluster which is hit again and again owes nothing; it may need an
// election, and clients their patience, after each.
#include "scenarios/availability.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "reports/evidence.h"
#include "reports/render.h"
#include "scenarios/roster.h"

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::Operation;

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
  Watch(const Quorums& quorums, Duration bound, const reports::History& history,
        const std::vector<std::uint32_t>& clients)
      : quorums_(quorums), bound_(bound), history_(history), clients_(clients) {
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
      if (stretch.until - stretch.from <= bound_) continue;
      const auto quorums = quorums_.at(stretch.from);
      if (quorums.empty()) continue;
      ++watched_;
      look_at(stretch, quorums);
    }
    reports::Verdict verdict{
        .name = "availability",
        .promise = cat("while a quorum is sound and connected, whoever reaches it is served "
                       "within ",
                       to_string(bound_)),
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
    for (const Outage& outage : quorums_.outages())
      for (const Duration at : {outage.from, outage.until})
        if (at < end) cuts.push_back(at);
    std::ranges::sort(cuts);
    std::vector<Stretch> all;
    for (std::size_t i = 1; i < cuts.size(); ++i)
      if (cuts[i - 1] < cuts[i]) all.push_back({cuts[i - 1], cuts[i]});
    return all;
  }

  void look_at(const Stretch& stretch, const std::vector<Quorums::Set>& quorums) {
    std::map<std::uint32_t, bool> may_ask;
    const auto asks = [&](std::size_t operation) {
      const auto [found, is_new] = may_ask.try_emplace(clients_[operation]);
      if (is_new) found->second = quorums_.serve(quorums, stretch.from, Roster::client(clients_[operation]));
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
        if (gave_up != kNobody && moment.at - gave_up > bound_ / kPauses) {
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
    if (waiting == kNobody || now - waiting <= bound_) return;
    evidence_.add(cat("clients waited from ", reports::readable(waiting), " to ", reports::readable(now),
                      "; nothing had changed since ", reports::readable(stretch.from),
                      ", and a quorum was sound and connected"));
  }

  const Quorums& quorums_;
  Duration bound_;
  const reports::History& history_;
  const std::vector<std::uint32_t>& clients_;
  std::vector<Moment> moments_;
  reports::Evidence evidence_;
  std::uint64_t watched_ = 0;
};

}  // namespace

reports::Verdict check_availability(const Quorums& quorums, Duration bound, const reports::History& history,
                                    const std::vector<std::uint32_t>& clients) {
  return Watch(quorums, bound, history, clients).judge();
}

}  // namespace lockstep::scenarios
