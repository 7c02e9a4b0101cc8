// Which stops of a node are its duty, and which are a fault of its own.
#include "scenarios/node_health.h"

#include <gtest/gtest.h>

#include "core/replica/events.h"
#include "reports/render.h"
#include "sim/disk_rules.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

using sim::DiskTrouble;

class Health {
 public:
  Health& tell(const env::Event& event) {
    at_ += std::chrono::seconds(1);
    health_.on_event({.at = at_, .node = NodeId(1), .incarnation = Incarnation(1), .event = event});
    return *this;
  }
  Health& trouble(DiskTrouble trouble) {
    return tell({sim::kDiskFault, {static_cast<std::uint64_t>(trouble), 0, 0, 0}});
  }
  Health& starts() { return tell({sim::kProcessStarted, {}}); }
  // Whether it is found fault with.
  bool stops() {
    tell({replica::kNodeFailed, {1}, "reason"});
    return verdict().outcome == reports::Outcome::kViolated;
  }
  reports::Verdict verdict() const { return health_.verdict(3, 2); }

 private:
  NodeHealth health_;
  Duration at_{};
};

TEST(NodeHealth, ANodeStopsForWhatHasFailedInThisLife) {
  EXPECT_TRUE(Health().stops());
  for (const DiskTrouble failed :
       {DiskTrouble::kError, DiskTrouble::kFailedSync, DiskTrouble::kFull, DiskTrouble::kBadSector}) {
    EXPECT_FALSE(Health().trouble(failed).stops());
    EXPECT_TRUE(Health().trouble(failed).starts().stops()) << "the next life must recover";
  }
  EXPECT_FALSE(Health().tell({sim::kMemoryRefused, {}}).stops());
  EXPECT_TRUE(Health().tell({sim::kMemoryRefused, {}}).starts().stops());
}

TEST(NodeHealth, DamageIsAReasonWheneverItIsFound) {
  for (const DiskTrouble damage : {DiskTrouble::kMisdirect, DiskTrouble::kPhantom, DiskTrouble::kRot})
    EXPECT_FALSE(Health().trouble(damage).starts().starts().stops());
  EXPECT_FALSE(Health().tell({sim::kDiskForgot, {1}}).starts().stops());
}

TEST(NodeHealth, ASlowDiskIsNone) {
  for (const DiskTrouble harmless : {DiskTrouble::kStall, DiskTrouble::kSlow, DiskTrouble::kLie})
    EXPECT_TRUE(Health().trouble(harmless).stops());
}

TEST(NodeHealth, ItSaysWhoseDiskWasHarmedAndWhoStoppedForWhat) {
  Health health;
  health.trouble(DiskTrouble::kRot).trouble(DiskTrouble::kPhantom);
  EXPECT_EQ(health.verdict().excused,
            std::vector<std::string>{"the disk of n1 rotted at 1.000 s; it has not stopped for that"});
  health.stops();
  health.starts().stops();
  const reports::Verdict verdict = health.verdict();
  EXPECT_EQ(verdict.excused, (std::vector<std::string>{"the disk of n1 rotted at 1.000 s",
                                                       "n1 stopped itself at 3.000 s, and 1 more time: reason"}));
  EXPECT_EQ(reports::measures(verdict), "3 nodes, 2 edges, 2 excused stops");
  EXPECT_TRUE(verdict.evidence.empty());
}

}  // namespace
}  // namespace lockstep::scenarios
