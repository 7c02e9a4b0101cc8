// What a node's log says of packages and of what the hub does not take.
#include "cli/hub_news.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/proto/dispatch.pb.h"
#include "hub/events.h"
#include "tests/cli/log_lines.h"

namespace lockstep::cli {
namespace {

class OfAHub : public testing::Test {
 protected:
  void becomes_active(std::uint64_t kind, std::uint64_t version) {
    news.emit({hub::kPackageActive, {17, kind, version, 0}});
  }
  tests::LogLines lines;
  HubNews news{lines.log, nullptr};
};

TEST_F(OfAHub, ItTellsWhatIsInForceAndFromWhere) {
  ASSERT_TRUE(news.wants(hub::kPackageActive));
  becomes_active(wire::MODEL, 3);
  becomes_active(wire::POLICY, 4);
  becomes_active(wire::SETTINGS, 5);
  becomes_active(wire::MODEL, 0);
  becomes_active(wire::POLICY, 0);
  EXPECT_EQ(lines.take(),
            "info model 3 is in force from index 17 on\n"
            "info policy 4 is in force from index 17 on\n"
            "info settings 5 go to the edges from index 17 on\n"
            "info no model, the rules alone, is in force from index 17 on\n"
            "info the built-in policy is in force from index 17 on\n");
}

TEST_F(OfAHub, ItWarnsOfWhatIsRefusedAlsoBesideAnotherWarning) {
  ASSERT_TRUE(news.wants(hub::kPackageRefused));
  news.emit({hub::kFieldRefused, {10'001}, "no"});
  news.emit({hub::kPackageRefused, {17, wire::POLICY, 2}, "policy:1:1: expected an object"});
  EXPECT_EQ(lines.take(),
            "warning the hub does not take what number 10001 says: no\n"
            "warning policy 2 is refused: policy:1:1: expected an object\n");
}

TEST_F(OfAHub, NobodyFillsTheLog) {
  for (int i = 0; i < 1000; ++i) {
    becomes_active(wire::MODEL, 1);
    news.emit({hub::kFieldRefused, {10'001}, "no"});
  }
  const std::string said = lines.take();
  const auto count = std::ranges::count(said, '\n');
  EXPECT_GE(count, 21);
  EXPECT_LT(count, 500);
}

}  // namespace
}  // namespace lockstep::cli
