// Stories about a page that must not become too large.
#include <gtest/gtest.h>

#include "reports/page/page.h"

namespace lockstep::page {
namespace {

using reports::TraceEvent;

// A trace of events that do not become shorter by the ones before them, and what packs it.
PackedTrace packed(std::uint64_t events, const Budget& budget) {
  std::vector<TraceEvent> all;
  for (std::uint64_t i = 0; i < events; ++i)
    all.push_back({.order = i,
                   .time_ns = static_cast<std::int64_t>(i),
                   .node = "n1",
                   .incarnation = 1,
                   .kind = "entry_durable",
                   .fields = {{"index", i}, {"hash", i * 0x9e3779b97f4a7c15ull % (1ull << 52)}},
                   .text = {}});
  TraceSurvey survey;
  for (const TraceEvent& each : all) survey.see(each);
  TracePacker packer(survey, budget);
  for (const TraceEvent& each : all) packer.see(each);
  return packer.finish();
}

TEST(PackedTrace, NeighboursOfWhatIsNamedAreNoMoreThanTheRest) {
  Budget budget{.events = 1'000, .around = {}};
  for (std::uint64_t order = 0; order < 20'000; order += 100) budget.around.push_back(order);
  const PackedTrace trace = packed(20'000, budget);
  EXPECT_LE(trace.kept, 2'000 + budget.around.size());
  budget.events = 0;
  EXPECT_EQ(packed(20'000, budget).kept, budget.around.size());
}

reports::Report report() {
  reports::Report report;
  report.scenario = "crowded";
  report.simulated = std::chrono::seconds(1);
  return report;
}

TEST(Page, EventsGiveWayUntilItFits) {
  const reports::Report of_run = report();
  const reports::History history;
  Budget budget;
  std::size_t attempts = 0;
  std::string page;
  std::uint64_t kept = 0;
  do {
    ASSERT_LT(++attempts, 5u);
    const PackedTrace trace = packed(300'000, budget);
    kept = trace.kept;
    page = page_of({.name = "x",
                    .report = of_run,
                    .history = history,
                    .scenario = std::string(1'500'000, ' '),
                    .command = "x",
                    .trace = &trace});
    budget = smaller(budget, trace, page.size());
  } while (page.size() >= kMostBytes);
  EXPECT_GT(attempts, 1u);  // else this is no story
  EXPECT_GT(page.size(), kMostBytes * 9 / 10);
  EXPECT_GT(kept, 10'000u);
}

TEST(Page, LongOperationsAreFewer) {
  const reports::Report of_run = report();
  reports::History history;
  for (int i = 0; i < 20'000; ++i) {
    const auto write = history.invoke(i, "write", "a", std::string(150, '<'), i);
    history.complete(write, i % 3 == 0 ? reports::Completion::kOk : reports::Completion::kFail,
                     std::string(150, '&'), i + 1, "");
  }
  const std::string page =
      page_of({.name = "x", .report = of_run, .history = history, .scenario = {}, .command = "x"});
  EXPECT_LT(page.size(), kMostBytes / 2);
  EXPECT_NE(page.find("\"total\":20000"), page.npos);
}

}  // namespace
}  // namespace lockstep::page
