// Which stops of a node are its duty, and which are a fault of its own.
#include "scenarios/witness.h"

#include <gtest/gtest.h>

#include "core/replica/events.h"
#include "sim/disk_rules.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

using sim::DiskTrouble;

class Health {
 public:
  Health& tell(const env::Event& event) {
    told_.on_event({.order = order_++,
                    .at = Duration(1),
                    .node = NodeId(1),
                    .incarnation = Incarnation(1),
                    .event = event});
    return *this;
  }
  Health& trouble(DiskTrouble trouble) {
    return tell({sim::kDiskFault, {static_cast<std::uint64_t>(trouble), 0, 0, 0}});
  }
  Health& starts() { return tell({sim::kProcessStarted, {}}); }
  // Whether it is found fault with.
  bool stops() {
    tell({replica::kNodeFailed, {1}, "reason"});
    return witness_.verdicts().back().outcome == reports::Outcome::kViolated;
  }

 private:
  Witness witness_{OracleContext{.voters = 3}};
  Observer& told_ = witness_;
  std::uint64_t order_ = 0;
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

}  // namespace
}  // namespace lockstep::scenarios
