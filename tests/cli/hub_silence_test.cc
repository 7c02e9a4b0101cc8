// Outages of the hub as the cloud tells of them.
#include "cli/hub_silence.h"

#include <gtest/gtest.h>

namespace lockstep::cli {
namespace {

using std::chrono::seconds;

TEST(HubSilence, AnOutageIsToldOfOnceAndItsEndWithItsLength) {
  const HubSilence::Moment begin{};
  HubSilence silence(begin, seconds(5));
  EXPECT_FALSE(silence.begins(begin + seconds(4)));
  EXPECT_TRUE(silence.begins(begin + seconds(5)));
  EXPECT_FALSE(silence.begins(begin + seconds(6)));
  EXPECT_EQ(silence.ends(begin + seconds(9)), Duration(seconds(9)));
  EXPECT_EQ(silence.ends(begin + seconds(10)), std::nullopt);
  EXPECT_FALSE(silence.begins(begin + seconds(14)));
  EXPECT_TRUE(silence.begins(begin + seconds(15)));
}

TEST(HubSilence, AChangeOfLeadersIsNone) {
  const HubSilence::Moment begin{};
  HubSilence silence(begin, seconds(5));
  EXPECT_FALSE(silence.begins(begin + seconds(3)));
  EXPECT_EQ(silence.ends(begin + seconds(4)), std::nullopt);
}

}  // namespace
}  // namespace lockstep::cli
