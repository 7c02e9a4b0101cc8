// Delayed frames hold back what comes after them, reordered ones do not, and lost ones are lost.
#include "net/link_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace lockstep::net {
namespace {

using namespace std::chrono_literals;

class RealLinks : public testing::Test {
 protected:
  void send(const std::string& text, NodeId to = NodeId(2)) {
    rules_.outgoing(to, Channel::kRaft, text,
                    [this](NodeId, Channel, BytesView payload) { arrived_ += std::string(payload); });
  }
  bool arrives(std::size_t count) {
    return loop_.run_until([&] { return arrived_.size() >= count; }, 20s);
  }
  EventLoop loop_;
  LinkRules rules_{loop_, 1};
  std::string arrived_;
};

TEST_F(RealLinks, WithoutRulesFramesPassAtOnce) {
  EXPECT_TRUE(rules_.empty());
  send("a");
  EXPECT_EQ(arrived_, "a");
}

TEST_F(RealLinks, LatencyKeepsTheOrder) {
  rules_.set_latency({.latency = {.median = 100us, .p99 = 5ms}});
  std::string expected;
  for (char c = 'a'; c <= 'z'; ++c) {
    send(std::string(1, c));
    expected += c;
  }
  EXPECT_EQ(arrived_, "");
  ASSERT_TRUE(arrives(expected.size()));
  EXPECT_EQ(arrived_, expected);
}

TEST_F(RealLinks, ADelayedFrameHoldsBackWhatComesAfterItOnItsLinkOnly) {
  rules_.add({.id = 1,
              .filter = {.peers = {{NodeId(2)}}},
              .fault = LinkFault::kDelay,
              .extra = {.median = 20ms, .p99 = 20ms}});
  send("a");
  rules_.remove(1);
  send("b");
  send("c", NodeId(3));
  EXPECT_EQ(arrived_, "c");
  ASSERT_TRUE(arrives(3));
  EXPECT_EQ(arrived_, "cab");
}

TEST_F(RealLinks, AReorderedFrameIsOvertaken) {
  rules_.add({.id = 1, .fault = LinkFault::kReorder, .extra = {.median = 5ms, .p99 = 5ms}});
  send("a");
  EXPECT_EQ(rules_.struck(1), 1u);
  rules_.remove(1);
  send("b");
  ASSERT_TRUE(arrives(2));
  EXPECT_EQ(arrived_, "ba");
}

TEST_F(RealLinks, ADuplicateComesLater) {
  rules_.add({.id = 1, .fault = LinkFault::kDuplicate, .extra = {.median = 1ms, .p99 = 1ms}});
  send("a");
  rules_.remove(1);
  send("b");
  ASSERT_TRUE(arrives(3));
  EXPECT_EQ(arrived_, "aba");
}

TEST_F(RealLinks, TheFirstRuleWithAnOpinionDecidesAndOneDirectionIsOneDirection) {
  rules_.add({.id = 1, .filter = {.peers = {{NodeId(2)}}, .incoming = false}});
  rules_.add({.id = 2, .fault = LinkFault::kDuplicate});
  send("a");
  rules_.incoming(NodeId(2), Channel::kRaft, "b",
                  [this](NodeId, Channel, BytesView payload) { arrived_ += std::string(payload); });
  ASSERT_TRUE(arrives(2));
  EXPECT_EQ(arrived_, "bb");
  EXPECT_EQ(rules_.struck(1), 1u);
  EXPECT_EQ(rules_.struck(2), 1u);
}

}  // namespace
}  // namespace lockstep::net
