// Situations in which consensus itself is at stake. Faults that are drawn one by one hardly ever meet in one: a log that
// goes two ways, a voter that comes back between two candidates, a leader that does not know yet that it is none.
#include <algorithm>
#include <array>
#include <utility>

#include "scenarios/chaos/fault_draws.h"
#include "scenarios/chaos/fault_families.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;
using std::chrono::milliseconds;

constexpr std::uint64_t kShare = 15;  // percent of the seeds

// From `from` on, for as long as `lasting`.
struct Window {
  Duration from;
  Duration lasting;
  Repeatedly every(Duration period) const {
    return {.period = period, .from = from + period / 2, .until = from + lasting, .times = {}};
  }
};

Window draw_window(Dice& dice, std::uint64_t most_s) {
  const Duration from = dice.milliseconds(1000, 14'000);
  return {from, dice.milliseconds(4000, most_s * 1000)};
}

// Leaders come and go every few heartbeats and reach one follower at most for a while: what one appended is
// overwritten by the next, even while it is being written, or comes back with the third (Figure 8 of the Raft paper).
void draw_churn(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.churn");
  Consensus& consensus = scenario.cluster.consensus;
  const Duration patience = std::max<Duration>(dice.milliseconds(60, 150), 12 * scenario.network.latency.median);
  consensus.election_timeout = std::min(consensus.election_timeout, patience);
  consensus.heartbeat_interval = consensus.election_timeout / 6;
  const Window window = draw_window(dice, 10);
  const auto isolate = [&](Targets side, bool one_way) {
    const Repeatedly every = window.every(dice.milliseconds(250, 700));
    const Duration lasting = dice.milliseconds(60, 200);
    scenario.faults.push_back({every, Partition{Links{{std::move(side), only(kTheOthers)}, one_way}}, lasting});
  };
  if (dice.percent(40)) {
    DiskFault slow{.kind = DiskKind::kSlow, .targets = only(kEveryNode), .files = Files::kKv, .calls = Calls::kSyncs};
    slow.extra.median = dice.milliseconds(5, 40);
    slow.extra.p99 = slow.extra.median * 4;
    scenario.faults.push_back({AtTime{window.from}, slow, window.lasting});
  }
  isolate({kTheLeader, kAFollower}, false);
  if (dice.percent(60)) isolate(only(kTheLeader), dice.percent(60));
  if (dice.percent(70)) {
    const Repeatedly every = window.every(dice.milliseconds(350, 1000));
    scenario.faults.push_back({every, Kill{only(kTheLeader)}, dice.milliseconds(50, 250)});
  }
  if (dice.percent(60)) {
    const Repeatedly every = window.every(dice.milliseconds(500, 1200));
    scenario.faults.push_back({every, PowerLoss{only(kAFollower)}, dice.milliseconds(30, 150)});
  }
}

// Frames take nearly as long as candidates have patience, so that several stand in one term; and who has voted dies
// and is back before the next request arrives.
void draw_voters(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.voters");
  const Window window = draw_window(dice, 12);
  const Duration median = scenario.cluster.consensus.election_timeout / dice.one_of({4, 6, 8});
  scenario.faults.push_back({AtTime{window.from}, Delay{Spread{median, 4 * median}, Links{}}, window.lasting});
  if (dice.percent(60)) {
    const Probability share = dice.percents(5, 20);
    scenario.faults.push_back({AtTime{window.from}, Duplicate{share, Links{}}, window.lasting});
  }
  const Repeatedly often = window.every(dice.milliseconds(1000, 2000));
  scenario.faults.push_back({often, Kill{only(kTheLeader)}, dice.milliseconds(400, 900)});
  for (std::uint64_t left = dice.between(1, 2); left > 0; --left) {
    const Repeatedly every = window.every(dice.milliseconds(60, 160));
    scenario.faults.push_back({every, Kill{only(kAFollower)}, dice.milliseconds(3, 20)});
  }
}

// The leader is cut off with some of the clients, who go on asking it while the others have another leader. Answers that
// were under way may reach it late, as if its followers still followed; and its successor may die before it has told
// who was cut off what it missed, so that the longer log is the older one.
void draw_cut_off(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.cut_off");
  const Duration patience = scenario.cluster.consensus.election_timeout;
  Duration at = dice.milliseconds(1000, 4000);
  for (std::uint64_t left = dice.between(3, 6); left > 0; --left) {
    Targets side = only(kTheLeader);
    for (std::uint32_t client = 1; client <= client_count(scenario); ++client)
      if (dice.percent(50)) side.push_back({TargetKind::kClient, client});
    const Duration late = patience * dice.between(7, 9) / 10;  // as long as it leads all the same
    if (dice.percent(75)) {
      const Delay delay{Spread{late, late + late / 10}, Links{{only(kTheOthers), side}, true}};
      const Duration before = dice.milliseconds(100, 600);
      scenario.faults.push_back({AtTime{at}, delay, before + milliseconds(50)});
      at += before;
    }
    const Duration usual = dice.milliseconds(400, 2500);
    const Duration brief = patience * dice.between(17, 23) / 10;  // its successor has just begun
    const bool is_brief = dice.percent(60);
    const Duration alone = is_brief ? brief : usual;
    scenario.faults.push_back({AtTime{at}, Partition{Links{{std::move(side), only(kTheOthers)}}}, alone});
    at += alone;
    if (dice.percent(is_brief ? 80 : 20)) {
      const Duration before = dice.milliseconds(0, 80);
      scenario.faults.push_back({AtTime{at - before}, Kill{only(kTheLeader)}, dice.milliseconds(200, 1500)});
    }
    at += dice.milliseconds(800, 4000);
  }
}

constexpr std::array kFamilies{
    FaultFamily{"leaders' churn", {"partition", "kill", "power_loss", "disk_slow"}, draw_churn, kShare},
    FaultFamily{"restarting voters", {"delay", "duplicate", "kill"}, draw_voters, kShare},
    FaultFamily{"leader cut off", {"delay", "partition", "kill"}, draw_cut_off, kShare},
};

}  // namespace

std::span<const FaultFamily> election_families() { return kFamilies; }

}  // namespace lockstep::chaos
