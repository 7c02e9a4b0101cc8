// What a node's log says of edges that come and go.
#include "cli/edge_presence.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/cli/log_lines.h"

namespace lockstep::cli {
namespace {

using enum hub::Edges::Presence;

class Leader : public testing::Test {
 protected:
  tests::LogLines lines;
  EdgePresence presence{lines.log};
};

TEST_F(Leader, TellsWhoIsHeardAndWhoIsNotAnyMore) {
  presence.look({{"e1", kConnected}, {"e2", kConnected}});
  EXPECT_EQ(lines.take(), "info the hub hears edges e1, e2\n");
  presence.look({{"e1", kConnected}, {"e2", kConnected}});
  EXPECT_EQ(lines.take(), "");
  presence.look({{"e1", kSilent}, {"e2", kConnected}});
  EXPECT_EQ(lines.take(), "warning the hub does not hear edge e1 any more\n");
  presence.look({{"e1", kConnected}, {"e2", kConnected}});
  EXPECT_EQ(lines.take(), "info the hub hears edge e1 again\n");
}

TEST_F(Leader, ThatIsNewWarnsOnlyOfThoseWhoDoNotCome) {
  presence.look({{"e1", kNotHeardYet}, {"e2", kNotHeardYet}});
  EXPECT_EQ(lines.take(), "");
  presence.look({{"e1", kConnected}, {"e2", kSilent}});
  EXPECT_EQ(lines.take(),
            "info the hub hears edge e1\n"
            "warning the hub has not heard edge e2 since this node leads\n");
  presence.forget();
  presence.look({{"e1", kNotHeardYet}, {"e2", kNotHeardYet}});
  EXPECT_EQ(lines.take(), "");
}

TEST_F(Leader, TellsOfManyInOneLine) {
  EdgePresence::Edges all;
  for (int i = 10; i < 30; ++i) all[cat("e", i)] = kConnected;
  presence.look(all);
  EXPECT_EQ(lines.take(), "info the hub hears edges e10, e11, e12, e13, e14, e15, e16, e17 and 12 others\n");
}

}  // namespace
}  // namespace lockstep::cli
