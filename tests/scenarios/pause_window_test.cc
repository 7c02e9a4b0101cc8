// When a transaction is between durable and decided, and which faults fell into that window.
#include <gtest/gtest.h>

#include "core/replica/events.h"
#include "core/service/events.h"
#include "scenarios/pause_window.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

class Teller {
 public:
  explicit Teller(PauseWindow& window) : window_(window) {}
  void durable(std::uint64_t transaction) { tell({service::kTransactionDurable, {transaction, 1}}); }
  void decided(std::uint64_t transaction) { tell({replica::kTransactionDecided, {1, transaction, transaction + 1, 1}}); }
  void killed() { tell({sim::kProcessKilled, {}}); }
  void power_lost() { tell({sim::kPowerLost, {}}); }

 private:
  void tell(const env::Event& event) {
    window_.on_event({.order = order_, .at = {}, .node = NodeId(1), .incarnation = Incarnation(1), .event = event});
    ++order_;
  }
  PauseWindow& window_;
  std::uint64_t order_ = 0;
};

TEST(PauseWindow, IsOpenFromDurableToTheFirstDecision) {
  PauseWindow window;
  Teller story(window);
  EXPECT_FALSE(window.open_at_last_event());
  story.durable(4);
  EXPECT_TRUE(window.open_at_last_event());
  story.decided(4);
  EXPECT_FALSE(window.open_at_last_event());
  story.decided(4);  // by the next node
  EXPECT_FALSE(window.open_at_last_event());
  EXPECT_EQ(window.opened(), 1u);
}

TEST(PauseWindow, CountsFaultsInsideAndOutside) {
  PauseWindow window;
  Teller story(window);
  story.killed();
  story.durable(4);
  story.killed();
  story.power_lost();
  story.decided(4);
  story.killed();
  EXPECT_EQ(window.faults_inside(), 2u);
  EXPECT_EQ(window.faults_outside(), 2u);
}

TEST(PauseWindow, StaysOpenWhileAnyTransactionWaits) {
  PauseWindow window;
  Teller story(window);
  story.durable(4);
  story.durable(5);
  story.decided(4);
  EXPECT_TRUE(window.open_at_last_event());
  story.decided(5);
  EXPECT_FALSE(window.open_at_last_event());
  EXPECT_EQ(window.opened(), 2u);
}

TEST(PauseWindow, DurabilityToldAfterTheDecisionOpensNothing) {
  PauseWindow window;
  Teller story(window);
  story.decided(4);
  story.durable(4);
  EXPECT_FALSE(window.open_at_last_event());
  EXPECT_EQ(window.opened(), 0u);
}

}  // namespace
}  // namespace lockstep::scenarios
