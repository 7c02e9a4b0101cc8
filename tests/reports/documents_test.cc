// Stories about Markdown, JUnit, reports read back, and two campaigns side by side.
#include <gtest/gtest.h>

#include "reports/compare.h"
#include "reports/escape.h"
#include "reports/render.h"
#include "reports/report_reader.h"
#include "reports/series.h"

namespace lockstep::reports {
namespace {

using Lines = std::vector<std::string>;

Report violated_report() {
  Report report;
  report.scenario = "two <leaders>";
  report.version = "0.3.0";
  report.seed = 4;
  report.trace_hash = 0xbeef;
  report.simulated = std::chrono::milliseconds(2'000);
  report.real = std::chrono::milliseconds(1'234);
  report.trace_events = 12;
  report.operations = {.ok = 5, .failed = 2, .unknown = 1};
  report.elections = Elections{.candidacies = 3, .leaders = 2};
  report.min_ok = 5;
  report.throughput_bucket = std::chrono::seconds(1);
  report.throughput = {2, 3};
  report.faults = {{"partition",
                    "at 1.000 s: n1 | n2",
                    7,
                    "",
                    {{.at = std::chrono::seconds(1),
                      .until = std::chrono::seconds(2),
                      .hosts = {},
                      .groups = {{"n1"}, {"n2", "n3"}},
                      .one_way = true}}},
                   {"stall", "never", 0, "this world cannot", {}}};
  report.verdicts = {{"durability", "nothing is lost", Outcome::kHolds, {{"writes", 3}}, {}},
                     {"election-safety",
                      "one leader a term",
                      Outcome::kViolated,
                      {{"facts", 9}},
                      {"event 3 at 1.000 s on n2: `n2` leads term 4 & n1 too"}}};
  return report;
}

TEST(Documents, MarkdownAnswersFirstAndKeepsEvidenceAsItIs) {
  EXPECT_EQ(to_markdown(violated_report(), "lockstep run x.json"), R"(### ❌ two \<leaders\>: violated

Seed 4, trace `000000000000beef`, 2.000 s; 5 operations ok, 2 failed, 1 unknown; 12 events.

**election-safety**: one leader a term

```text
event 3 at 1.000 s on n2: `n2` leads term 4 & n1 too
```

```text
lockstep run x.json
```

<details open><summary>2 promises, 2 faults</summary>

| verdict | row | promise | checked |
|---|---|---|---|
| ✅ holds | durability | nothing is lost | 3 writes |
| ❌ violated | election-safety | one leader a term | 9 facts |

| fault | when and whom | took effect |
|---|---|---|
| partition | at 1.000 s: n1 \| n2 | 7× |
| stall | never | skipped: this world cannot |

</details>
)");
}

TEST(Documents, WhoWasExcusedIsToldWhereverTheVerdictIs) {
  Report report = violated_report();
  report.verdicts[0].excused = {"n2 was not compared: it has stopped itself"};
  EXPECT_NE(to_text(report).find("  excused by durability: n2 was not compared: it has stopped itself\n"),
            std::string::npos);
  EXPECT_NE(to_markdown(report, "").find("- excused by **durability**: n2 was not compared: it has stopped itself\n\n"),
            std::string::npos);
  EXPECT_NE(to_junit({report}).find("name=\"durability\">\n      <system-out>excused: n2 was not compared: it has "
                                    "stopped itself\n</system-out>\n    </testcase>\n"),
            std::string::npos);
}

TEST(Documents, AFenceIsLongerThanWhatItHolds) {
  Report report = violated_report();
  report.verdicts[1].evidence = {"a ``` in it"};
  EXPECT_NE(to_markdown(report, "").find("````text\na ``` in it\n````\n"), std::string::npos);
}

TEST(Documents, JUnitHasACaseForEachVerdictAndOneForThePurpose) {
  EXPECT_EQ(to_junit({violated_report()}), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="two &lt;leaders&gt;-4" tests="3" failures="1" time="1.234">
    <testcase classname="two &lt;leaders&gt;-4" name="durability"/>
    <testcase classname="two &lt;leaders&gt;-4" name="election-safety">
      <failure type="violated" message="event 3 at 1.000 s on n2: `n2` leads term 4 &amp; n1 too">promised: one leader a term
event 3 at 1.000 s on n2: `n2` leads term 4 &amp; n1 too
</failure>
    </testcase>
    <testcase classname="two &lt;leaders&gt;-4" name="purpose"/>
  </testsuite>
</testsuites>
)");
}

TEST(Documents, AFaultThatNeverFiredFailsThePurpose) {
  Report report = violated_report();
  report.faults[0].fired = 0;
  report.min_ok = 6;
  const std::string text = to_junit({report});
  EXPECT_NE(text.find("tests=\"3\" failures=\"2\""), std::string::npos);
  EXPECT_NE(
      text.find(
          "<failure type=\"vacuous\" message=\"fault partition never fired: at 1.000 s: n1 | n2\">"
          "promised: every fault took effect and enough operations succeeded\n"
          "fault partition never fired: at 1.000 s: n1 | n2\nonly 5 operations succeeded, at least 6 were "
          "expected\n"),
      std::string::npos);
}

TEST(Documents, NothingOfOthersBecomesMarkup) {
  EXPECT_EQ(escaped_markup("<a href=\"x\" b='y'>&\x01"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;\xef\xbf\xbd");
  EXPECT_EQ(escaped_markdown("a|b\n*c*"), "a\\|b \\*c\\*");
  EXPECT_EQ(escaped_script(R"({"a":"</script>"})"), R"({"a":"\u003c/script>"})");
}

TEST(Escapes, NothingReachesATerminalButCharactersThatShow) {
  EXPECT_EQ(escaped_terminal("caf\xc3\xa9 \xe2\x96\x88 \xf0\x9f\x99\x82"),
            "caf\xc3\xa9 \xe2\x96\x88 \xf0\x9f\x99\x82");
  EXPECT_EQ(escaped_terminal("\x1b[31mRED\x07\x7f"), "\\x1b[31mRED\\x07\\x7f");
  EXPECT_EQ(escaped_terminal("\xc2\x9b"), "\\xc2\\x9b") << "U+009B begins a command, too";
  EXPECT_EQ(escaped_terminal("\xff\xc3(\xed\xa0\x80\xc0\x80\xe2\x96"),
            "\\xff\\xc3(\\xed\\xa0\\x80\\xc0\\x80\\xe2\\x96");
  EXPECT_EQ(escaped_terminal("a\nb"), "a\\x0ab");
  EXPECT_EQ(escaped_terminal_lines("a\nb\r"), "a\nb\\x0d");
}

TEST(Escapes, ReportsOfOthersShowWhatTheyHold) {
  Report report = violated_report();
  report.scenario = "\x1b[2J";
  report.verdicts.front().evidence = {"\x1b]0;mine\x07"};
  for (const std::string& text :
       {to_text(report), to_text(report.verdicts.front()), to_markdown(report, "")}) {
    EXPECT_EQ(text.find('\x1b'), text.npos) << text;
    EXPECT_NE(text.find("]0;mine\\x07"), text.npos) << text;
  }
}

TEST(ReportReader, WhatWasWrittenIsReadBack) {
  Report report = violated_report();
  report.fidelity = Fidelity{
      .real = {.outcome = Outcome::kViolated,
               .verdicts = {{"durability", {}, Outcome::kHolds, {}, {}}},
               .elections = {1, 1},
               .operations = {9, 8, 7},
               .latency = {.p50 = Duration(5)},
               .series = {.bucket = Duration(7), .buckets = {{.ok = 2, .p50 = Duration(3)}, {.ok = 0}}}},
      .simulated = {}};
  report.verdicts[0].excused = {"n2 was not compared"};
  report.verdicts[1].anomalies = {"G1a"};
  report.verdicts[1].ruled_out = {"read-committed"};
  report.logs = {{"n1", {{"info", 3}, {"warning", 1}}, {"a warning"}}};
  report.replicas = {{"n1", 9, 0xfeedull << 48, {{"t1", 3, 2}}}, {"n2", 8, 1, {}}};
  for (const World world : {World::kSimulated, World::kReal}) {
    report.world = world;
    const std::string text = to_json_text(report);
    const auto again = parse_report("report.json", text);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(to_json_text(*again), text);
  }
}

TEST(ReportReader, DamageIsNamed) {
  const std::string text = to_json_text(violated_report());
  const auto complaint = [](std::string_view of) {
    return parse_report("x/report.json", of).error().message;
  };
  EXPECT_EQ(complaint(text.substr(0, text.size() / 2)),
            "x/report.json: expected a whole report as JSON; it is damaged or cut off");
  EXPECT_EQ(complaint("[]"), "x/report.json: : expected an object");
  const auto changed = [&text](std::string_view from, std::string_view to) {
    std::string out = text;
    return out.replace(out.find(from), from.size(), to);
  };
  EXPECT_EQ(complaint(changed("\"seed\": 4", "\"seed\": -4")),
            "x/report.json: /seed: expected a whole number of at least 0");
  EXPECT_EQ(complaint(changed("\"at_ns\": 1000000000", "\"at_ns\": \"soon\"")),
            "x/report.json: /faults/0/strikes/0/at_ns: expected nanoseconds");
  EXPECT_EQ(complaint(changed("\"one_way\": true", "\"one_way\": 1")),
            "x/report.json: /faults/0/strikes/0/one_way: expected true or false");
  EXPECT_EQ(complaint(changed("\"verdict\": \"violated\"", "\"verdict\": \"holds\"")),
            "x/report.json: /verdict: expected violated, as its rows say, found holds");
  EXPECT_EQ(complaint(changed("000000000000beef", "beef")),
            "x/report.json: /trace: expected a hash of 16 hexadecimal digits");
}

History three_operations() {
  History history;
  const auto write = history.invoke(0, "write", "a", 1, 0);
  history.complete(write, Completion::kOk, 1, 100'000'000);
  const auto read = history.invoke(0, "read", "a", {}, 200'000'000);
  history.complete(read, Completion::kFail, {}, 1'200'000'000, "timeout");
  const auto last = history.invoke(0, "write", "a", 2, 1'300'000'000);
  history.complete(last, Completion::kOk, 2, 1'400'000'000);
  return history;
}

TEST(Series, BucketsCountWhatReturnedInThem) {
  const Series series = series_of(three_operations(), std::chrono::seconds(2), 2);
  ASSERT_EQ(series.buckets.size(), 2u);
  EXPECT_EQ(series.buckets[0].ok, 1u);
  EXPECT_EQ(series.buckets[0].p50, std::chrono::milliseconds(100));
  EXPECT_EQ(series.buckets[1].failed, 1u);
  EXPECT_EQ(series.buckets[1].ok, 1u);
}

TEST(Series, TheLongestSilenceLiesBetweenTwoWrites) {
  const Gap gap = longest_without_write(three_operations());
  EXPECT_EQ(gap.from, std::chrono::milliseconds(100));
  EXPECT_EQ(gap.lasted, std::chrono::milliseconds(1'300));
  EXPECT_EQ(until_next_write(three_operations(), std::chrono::milliseconds(500)),
            std::chrono::milliseconds(900));
  EXPECT_EQ(until_next_write(three_operations(), std::chrono::milliseconds(1'350)), std::nullopt);
}

// Local reads are answered while nothing can be written, and a transaction may only read.
TEST(Series, WhatOnlyReadsEndsNoSilence) {
  History history = three_operations();
  const auto add = [&history](const char* f, Value argument, std::int64_t at) {
    history.complete(history.invoke(1, f, {}, std::move(argument), at), Completion::kOk, {}, at + 1);
  };
  const auto micro = [](const char* what) { return Value(Value::Array{Value::Array{what, "a", 1}}); };
  add("local-read", {}, 300'000'000);
  add("txn", micro("r"), 400'000'000);
  EXPECT_EQ(longest_without_write(history).lasted, std::chrono::milliseconds(1'300));
  add("txn", micro("append"), 500'000'000);
  EXPECT_LT(longest_without_write(history).lasted, std::chrono::milliseconds(1'000));
}

Campaign campaign(std::string name, std::vector<std::pair<std::string, Report>> runs) {
  Campaign out{.name = std::move(name), .runs = {}};
  for (auto& [run, report] : runs)
    out.runs.push_back({.name = run, .report = std::move(report), .latencies = {{1'000'000, 5'000'000}}});
  return out;
}

TEST(Compare, ChangedVerdictsAndMissingRunsAreTold) {
  Report holds = violated_report();
  holds.verdicts[1].outcome = Outcome::kHolds;
  const Comparison comparison = compare(campaign("a", {{"x", holds}, {"y", holds}}),
                                        campaign("b", {{"x", violated_report()}, {"z", holds}}));
  EXPECT_TRUE(comparison.got_worse());
  EXPECT_EQ(to_text(comparison), R"(a: two <leaders>, seed 4, simulated
b: two <leaders>, seed 4, simulated
the same scenario and seed, and the traces are equal
                        a               b
runs                    1               1
  hold                  1               0
operations ok           5               5
  failed                2               2
  unknown               1               1
leaders elected         2               2
  candidacies           3               3
events                  12              12
latency of ok, p50      1.00 ms         1.00 ms
  p90                   1.00 ms         1.00 ms
  p99                   1.00 ms         1.00 ms
  max                   5.00 ms         5.00 ms
latency from 10 us to 10 s, three steps a decade
  |      █ █         | a
  |      █ █         | b
only in a: y
only in b: z
1 run in both; the others were neither counted nor compared
worse: x: holds -> violated
worse: x, election-safety: holds -> violated
)");
}

TEST(Compare, WhereNothingIsInBothNothingIsSaidToBeAsItWas) {
  const Report report = violated_report();
  const Comparison strangers =
      compare(campaign("a", {{"x", report}, {"y", report}}), campaign("b", {{"z", report}}));
  EXPECT_TRUE(strangers.got_worse());
  EXPECT_EQ(to_text(strangers),
            "only in a: x\nonly in a: y\nonly in b: z\nno run is in both: nothing was compared\n");
  const Comparison partly =
      compare(campaign("a", {{"x", report}, {"y", report}}), campaign("b", {{"x", report}}));
  EXPECT_FALSE(partly.got_worse());
  EXPECT_TRUE(
      to_text(partly).ends_with("only in a: y\n1 run in both; the others were neither counted nor compared\n"
                                "no verdict changed in what is in both\n"));
}

TEST(Compare, TwoSingleRunsNeedNoCommonName) {
  Report holds = violated_report();
  holds.verdicts[1].outcome = Outcome::kHolds;
  const Comparison comparison =
      compare(campaign("a", {{"x", violated_report()}}), campaign("b", {{"y", holds}}));
  EXPECT_FALSE(comparison.got_worse());
  EXPECT_EQ(comparison.changes.size(), 2u);
  EXPECT_TRUE(comparison.only_first.empty());
}

TEST(Compare, WhatIsComparedIsSaidFirst) {
  const auto beginning = [](const Comparison& comparison) {
    const std::string text = to_text(comparison);
    return text.substr(0, text.find("                  "));
  };
  const Report one = violated_report();
  Report other = one;
  other.trace_hash = 1;
  EXPECT_TRUE(beginning(compare(campaign("a", {{"x", one}}), campaign("b", {{"x", other}})))
                  .ends_with("the same scenario and seed, but the traces differ\n"));
  other.seed = 5;
  other.world = World::kReal;
  EXPECT_EQ(beginning(compare(campaign("a", {{"x", one}}), campaign("b", {{"y", other}}))),
            "a: two <leaders>, seed 4, simulated\nb: two <leaders>, seed 5, on real processes\n"
            "another seed and another world: what changed need not be the program's doing\n");
  other = one;
  other.scenario = "three";
  EXPECT_EQ(beginning(compare(campaign("a", {{"x", one}, {"y", one}}), campaign("b", {{"x", one}, {"y", other}}))),
            "1 of 2 runs in both have the same scenario, seed and world; the traces are equal in 1 of 1\n"
            "y: another scenario (two <leaders>, seed 4, simulated; three, seed 4, simulated)\n");
}

TEST(Compare, ScenariosOfOneNameAreToldApartByTheirFiles) {
  Campaign first = campaign("a", {{"x", violated_report()}});
  Campaign second = campaign("b", {{"x", violated_report()}});
  first.runs[0].scenario = R"({"name":"x","seed":4})";
  second.runs[0].scenario = R"({"name":"x","seed":5})";
  EXPECT_TRUE(compare(first, second).pairs.at(0).same_scenario);
  second.runs[0].scenario = R"({"name":"x","seed":4,"cluster":{"nodes":5}})";
  EXPECT_FALSE(compare(first, second).pairs.at(0).same_scenario);
}

TEST(Compare, APromiseThatIsGoneIsNamedAtTheEnd) {
  Report less = violated_report();
  std::swap(less.verdicts[0].name, less.verdicts[1].name);
  less.verdicts.erase(less.verdicts.begin());
  const std::string text = to_text(compare(campaign("a", {{"x", violated_report()}}), campaign("b", {{"x", less}})));
  EXPECT_TRUE(text.ends_with("gone: x, election-safety: violated in a, not checked in b\n")) << text;
}

TEST(Compare, WithoutAHistoryNoLatencyIsKnown) {
  Campaign first = campaign("a", {{"x", violated_report()}});
  first.runs[0].latencies.reset();
  const Comparison comparison = compare(first, campaign("b", {{"x", violated_report()}}));
  const std::string text = to_text(comparison);
  EXPECT_NE(text.find("latency of ok, p50      no history      1.00 ms\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nno history.jsonl in a: the latencies are not known\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("| a\n"), std::string::npos) << text;
  EXPECT_NE(to_json_text(comparison).find("\"latency_ns\": null"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::reports
