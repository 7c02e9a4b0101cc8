// Stories about what a page says of a whole trace.
#include "reports/page/whole_trace.h"

#include <gtest/gtest.h>

namespace lockstep::page {
namespace {

using reports::TraceEvent;

TraceEvent event(std::int64_t time_ns, std::string node, std::string kind,
                 std::vector<reports::TraceField> fields) {
  static std::uint64_t order = 0;
  return {.order = order++,
          .time_ns = time_ns,
          .node = std::move(node),
          .incarnation = 1,
          .kind = std::move(kind),
          .fields = std::move(fields),
          .text = {}};
}

TraceEvent sent(std::int64_t time_ns, std::string node, std::uint64_t message, std::uint64_t to,
                std::uint64_t channel) {
  return event(time_ns, std::move(node), "frame_sent",
               {{"message", message}, {"to", to}, {"channel", channel}, {"bytes", 100}});
}

TraceEvent delivered(std::string node, std::uint64_t message, std::uint64_t from) {
  return event(9, std::move(node), "frame_delivered", {{"message", message}, {"from", from}, {"channel", 1}});
}

TraceEvent dropped(std::uint64_t message, std::uint64_t from, std::uint64_t to) {
  return event(9, "n1", "frame_dropped", {{"message", message}, {"from", from}, {"to", to}, {"reason", 2}});
}

TEST(Traffic, FramesCountByKindWhenTheyAreSent) {
  Traffic traffic(Duration(10), 2);
  traffic.see(event(0, "n1", "append_sent", {{"group", 1}, {"to", 2}, {"first", 7}, {"count", 3}}));
  traffic.see(sent(1, "n1", 1, 2, 1));
  traffic.see(sent(8, "n1", 2, 3, 1));  // a heartbeat
  traffic.see(sent(99, "c1", 3, 1, 2));
  ASSERT_EQ(traffic.kinds().size(), 3u);
  const auto counts = [&traffic](Traffic::Kind kind) { return traffic.kinds().at(kind).sent; };
  EXPECT_EQ(counts({1, true}), (std::vector<std::uint64_t>{1, 0}));
  EXPECT_EQ(counts({1, false}), (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(counts({2, false}), (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(traffic.kinds().at({1, true}).bytes, (std::vector<std::uint64_t>{100, 0}));
  EXPECT_EQ(traffic.entries(), 3u);
}

TEST(Traffic, EachCopyEndsOnItsLink) {
  Traffic traffic(Duration(10), 1);
  traffic.see(sent(1, "n1", 1, 2, 5));
  traffic.see(event(1, "n1", "frame_duplicated", {{"message", 1}, {"to", 2}}));
  traffic.see(delivered("n2", 1, 1));
  traffic.see(dropped(1, 1, 2));
  traffic.see(sent(2, "n1", 2, 2, 1));
  traffic.see(delivered("n2", 2, 1));
  traffic.see(sent(2, "n1", 3, 2, 1));  // still under way at the end
  const Traffic::Link& link = traffic.links().at({1, 2});
  EXPECT_EQ(link.ended, 3u);
  EXPECT_EQ(link.dropped, 1u);
  EXPECT_EQ(link.field, 2u);
  EXPECT_EQ(traffic.kinds().at({5, false}).dropped, 1u);
  EXPECT_EQ(traffic.dropped(), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(traffic.reasons(), (std::map<std::uint64_t, std::uint64_t>{{2, 1}}));
}

TEST(Members, TheyHaveWhatTheirLastEventsSay) {
  Members members(Duration(100), 2);
  members.see(event(1, "n1", "recovered", {{"last", 4}, {"commit", 3}, {"applied", 2}}));
  members.see(event(2, "n1", "entry_durable", {{"index", 9}}));
  members.see(event(3, "n1", "log_truncated", {{"from", 6}}));
  members.see(event(4, "n1", "entry_applied", {{"index", 3}, {"digest", ~0ull}}));
  members.see(event(5, "c1", "entry_applied", {{"index", 99}}));  // no member
  const Member& member = members.by_name().at("n1");
  EXPECT_EQ(members.by_name().size(), 1u);
  EXPECT_EQ(member.durable, 5u);
  EXPECT_EQ(member.applied, 3u);
  EXPECT_EQ(member.digest, ~0ull);
}

TEST(Members, WorkOfTheLogEndsInItsOwnLife) {
  Members members(Duration(100), 2);
  members.see(event(1, "n1", "job_started", {{"lane", 0}, {"ordinal", 7}}));
  members.see(event(2, "n1", "job_started", {{"lane", 1}, {"ordinal", 8}}));
  members.see(event(3, "n1", "file_synced", {{"lane", 0}, {"ok", 1}}));
  members.see(event(4, "n1", "directory_synced", {{"lane", 0}, {"ok", 0}}));
  members.see(event(21, "n1", "job_finished", {{"lane", 0}, {"ordinal", 7}}));
  members.see(event(30, "n1", "job_finished", {{"lane", 1}, {"ordinal", 8}}));
  const Member& member = members.by_name().at("n1");
  EXPECT_EQ(member.syncs, 2u);
  EXPECT_EQ(member.failed_syncs, 1u);
  EXPECT_EQ(member.log_busy, Duration(20));
}

TEST(Members, TheLagIsThatOfTheMiddleOfEachStretch) {
  Members members(Duration(100), 2);  // in the middle: 25 and 75
  for (const char* name : {"n1", "n2", "n3"})
    members.see(event(1, name, "recovered", {{"last", 0}, {"commit", 0}, {"applied", 0}}));
  members.see(event(2, "n1", "commit_advanced", {{"commit", 10}}));
  members.see(event(3, "n1", "entry_applied", {{"index", 9}}));
  members.see(event(4, "n2", "entry_applied", {{"index", 4}}));
  members.see(event(40, "n3", "entry_applied", {{"index", 10}}));
  members.finish();
  ASSERT_EQ(members.lags().size(), 2u);
  EXPECT_EQ(members.lags()[0].median, 6u);
  EXPECT_EQ(members.lags()[0].worst, 10u);
  EXPECT_EQ(members.lags()[1].median, 1u);
  EXPECT_EQ(members.lags()[1].worst, 6u);
}

}  // namespace
}  // namespace lockstep::page
