// Stories about recorded traces: read, compared, packed for the page.
#include "reports/trace.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/text.h"
#include "reports/page/page.h"
#include "reports/render.h"
#include "reports/trace_diff.h"

namespace lockstep::reports {
namespace {

std::string line(int order, int time, std::string_view node, std::string_view rest) {
  return cat(R"({"order":)", order, R"(,"time":)", time, R"(,"node":")", node,
             R"(","incarnation":1,"event":")", rest, "}\n");
}

std::string first_error(const std::string& text) {
  std::istringstream in(text);
  TraceReader reader("t.jsonl", in);
  while (true) {
    const auto event = reader.next();
    if (!event) return event.error().code == ErrorCode::kEnd ? "" : event.error().message;
  }
}

TEST(Trace, ALineIsAnEvent) {
  const auto event = parse_trace_event(
      R"({"order":7,"time":9,"node":"n1","incarnation":2,"event":"file_synced","lane":0,"ok":18446744073709551615,"text":"a\"\\b"})");
  ASSERT_TRUE(event.has_value()) << event.error().message;
  EXPECT_EQ(event->field("ok"), ~0ull);
  EXPECT_EQ(event->text, "a\"\\b");
  EXPECT_EQ(describe(*event),
            "event 7 at 9 ns on n1: file_synced lane=0 ok=18446744073709551615 \"a\\\"\\\\b\"");
}

TEST(Trace, DamageIsNamedWithItsPlace) {
  const std::string good = line(0, 5, "n1", "process_started\"");
  EXPECT_EQ(first_error(good), "");
  EXPECT_EQ(first_error(good + good), "t.jsonl:2: expected an order of at least 1, found 0");
  EXPECT_EQ(first_error(good + line(1, 4, "n1", "process_started\"")),
            "t.jsonl:2: expected a time of at least 5, found 4");
  EXPECT_EQ(first_error(good + R"({"order":1,"time":x)" + "\n"),
            "t.jsonl:2:19: expected a whole number of 64 bits, found \"x\"");
  EXPECT_EQ(first_error(good + good.substr(0, 30)),
            "t.jsonl:2: expected a line end after the last event: the file was cut off");
  EXPECT_EQ(first_error("\n"),
            "t.jsonl:1:1: expected an event, that is an object, found the end of the line");
}

TraceComparison compared(const std::string& a, const std::string& b, std::size_t context = 1) {
  std::istringstream in_a(a), in_b(b);
  TraceReader first("a", in_a), second("b", in_b);
  return compare_traces(first, second, context).value();
}

TEST(TraceDiff, TheFirstEventThatDiffersIsShownFromBothSides) {
  const std::string same = line(0, 1, "n1", "process_started\"") + line(1, 2, "n2", "process_started\"");
  const std::string a = same + line(2, 3, "n1", R"(commit_advanced","group":1,"commit":4)") +
                        line(3, 9, "n1", "process_killed\"");
  const std::string b = same + line(2, 3, "n1", R"(commit_advanced","group":1,"commit":5)");
  const TraceComparison comparison = compared(a, b);
  EXPECT_EQ(to_text(comparison, {"A", "B"}), R"(the first 2 events are equal; then they differ in commit
  event 1 at 2 ns on n2: process_started
A
- event 2 at 3 ns on n1: commit_advanced group=1 commit=4
- event 3 at 9 ns on n1: process_killed
B
+ event 2 at 3 ns on n1: commit_advanced group=1 commit=5
)");
}

TEST(TraceDiff, OneMayEndBeforeTheOther) {
  const std::string same = line(0, 1, "n1", "process_started\"");
  EXPECT_EQ(to_text(compared(same, same), {"A", "B"}), "the traces are equal: 1 event\n");
  EXPECT_EQ(to_text(compared(same, same + line(1, 2, "n1", "process_killed\""), 0), {"A", "B"}),
            "the first 1 event is equal; then A ends and the other goes on\nA\n- (it ends here)\nB\n+ "
            "event 1 at 2 ns on n1: process_killed\n");
}

TEST(Trace, AnEmptyFileIsNoTrace) {
  std::istringstream in("");
  TraceReader reader("t.jsonl", in);
  const auto event = reader.next();
  ASSERT_FALSE(event.has_value());
  EXPECT_EQ(event.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(event.error().message, "t.jsonl: expected events, one a line, found none");
}

page::PackedTrace packed(const std::string& text, page::Budget budget) {
  page::TraceSurvey survey;
  const auto each = [&text](auto visit) {
    std::istringstream in(text);
    TraceReader reader("t", in);
    for (auto event = reader.next(); event; event = reader.next()) visit(*event);
  };
  each([&](const TraceEvent& event) { survey.see(event); });
  page::TracePacker packer(survey, std::move(budget));
  each([&](const TraceEvent& event) { packer.see(event); });
  return packer.finish();
}

TEST(PackedTrace, AnEventIsAFewBytes) {
  const page::PackedTrace trace =
      packed(line(0, 1, "n1", R"(entry_durable","index":5,"hash":18446744073709551615)") +
                 line(1, 4, "n1", R"(entry_durable","index":6,"hash":18446744073709551615)"),
             {});
  EXPECT_EQ(trace.bytes, (std::string{0, 0, 0, 1, 10, 0, 0, /**/ 0, 0, 0, 3, 2, 0, 0}));
  EXPECT_EQ(trace.wide, (std::vector<std::uint64_t>{~0ull}));
  EXPECT_EQ(trace.kinds[0].wide, (std::vector<bool>{false, true}));
}

TEST(PackedTrace, WhatDoesNotFitIsCountedAndWhatIsNamedStays) {
  std::string text;
  for (int i = 0; i < 6'000; ++i)
    text +=
        line(i, i, "n1", cat(i % 2 == 0 ? "job_started" : "job_finished", R"(","lane":0,"ordinal":)", i / 2));
  text += line(6'000, 6'000, "n1", R"(role_changed","role":4)");
  const page::PackedTrace trace = packed(text, {.events = 1'000, .around = {3'001}});
  EXPECT_EQ(trace.total, 6'001u);
  for (const page::Kind& kind : trace.kinds) {
    EXPECT_EQ(kind.total, kind.name == "role_changed" ? 1u : 3'000u);
    const bool is_rare = kind.name == "role_changed";
    EXPECT_GE(kind.kept, is_rare ? 1u : 750u);  // one in seven, and 400 on each side of event 3001
    EXPECT_LE(kind.kept, is_rare ? 1u : 900u);
  }
}

Report harmful_report() {
  Report report;
  report.scenario = "</script><script>alert(1)</script>";
  report.simulated = std::chrono::seconds(1);
  report.verdicts = {
      {"reads", "<b>", Outcome::kViolated, {}, {"event 17 at 0.1 s on n1: </script>", "no event"}}};
  return report;
}

TEST(Page, NothingOfTheRunEndsItsScript) {
  const Report report = harmful_report();
  const History history;
  const std::string page = page::page_of(
      {.name = "x", .report = report, .history = history, .scenario = "</script>", .command = "x"});
  std::size_t ends = 0;
  for (std::size_t at = page.find("</script>"); at != page.npos; at = page.find("</script>", at + 1)) ++ends;
  EXPECT_EQ(ends, 3u);  // data, events, program
  EXPECT_NE(page.find("<title>&lt;/script&gt;&lt;script&gt;alert(1)"), std::string::npos);
  EXPECT_EQ(page::named_events(report), (std::vector<std::uint64_t>{17}));
}

TEST(Page, TheIndexPutsWhatDoesNotHoldFirst) {
  const Report bad = harmful_report();
  Report good = harmful_report();
  good.scenario = "fine";
  good.verdicts[0].outcome = Outcome::kHolds;
  const std::string page =
      page::index_of({{.link = "fine/report.html", .report = good}, {.link = "a&b.html", .report = bad}});
  EXPECT_NE(page.find("2 runs: 1 is violated, 1 holds"), std::string::npos);
  EXPECT_LT(page.find("a&amp;b.html"), page.find("fine/report.html"));
  EXPECT_EQ(page.find("<script>alert"), page.npos);
}

}  // namespace
}  // namespace lockstep::reports
