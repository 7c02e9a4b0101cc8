// Stories about the logs of a real run's processes.
#include "scenarios/real/node_logs.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace lockstep::real {
namespace {

TEST(NodeLogs, LinesCountByLevelAndTheLastComplaintsAreKept) {
  std::string text = "lockstep: node 1 of 3\n2026-01-01T00:00:00.000+00:00 info leads\nnothing\n";
  for (int i = 0; i < 6; ++i) text += "2026-01-01T00:00:00.000+00:00 warning w" + std::to_string(i) + "\n";
  text += "2026-01-01T00:00:00.000+00:00 error " + std::string(1'000, 'x') + "\n";
  std::istringstream log(text);
  const reports::NodeLog summary = summary_of_log("n1", log);
  EXPECT_EQ(summary.node, "n1");
  EXPECT_EQ(summary.levels,
            (std::map<std::string, std::uint64_t>{{"error", 1}, {"info", 1}, {"other", 2}, {"warning", 6}}));
  ASSERT_EQ(summary.complaints.size(), 5u);
  EXPECT_EQ(summary.complaints.front(), "2026-01-01T00:00:00.000+00:00 warning w2");
  EXPECT_EQ(summary.complaints.back().size(), 300u);
}

TEST(NodeLogs, OfALogThatIsNotThereNothingIsSaid) {
  std::ifstream nothing("/nonexistent/n1.log");
  EXPECT_TRUE(summary_of_log("n1", nothing).levels.empty());
}

}  // namespace
}  // namespace lockstep::real
