// Stories about recorded runs, told by the program: pages, documents, comparisons, and what is said about
// damage.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace lockstep::tests {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void write(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

// Before anything is run; programs see it by a member of the document.
TEST(Real, WhatTakesTooLongIsRefused) {
  TemporaryDirectory home;
  const std::string scenario = home / "long.json";
  write(scenario, R"({"name":"long","about":"An hour.","workload":[{"kind":"register","for":"1h"}]})");
  const Outcome refused = lockstep(cat("run ", scenario, " --on real --json --out ", home / "out"));
  EXPECT_EQ(refused.code, 2);
  const std::string sentence = "lockstep run: expected a scenario of at most 10m on real processes";  // for people
  const std::size_t end = refused.out.find(sentence);
  ASSERT_NE(end, std::string::npos) << refused.out;
  const auto document = nlohmann::json::parse(refused.out.substr(0, end), nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << refused.out;
  EXPECT_NE(document["refused"].get<std::string>().find("long takes 1h"), std::string::npos) << refused.out;
  EXPECT_FALSE(fs::exists(home / "out"));
}

// One run with its trace and page, made once.
class RecordedRuns : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory();
    const std::string scenario = *directory_ / "small.json";
    write(
        scenario,
        R"({"name":"small","about":"Two seconds.","seed":7,"workload":[{"kind":"register","for":"2s","clients":2}],)"
        R"("faults":[{"at":"1s","kill":"follower","for":"300ms"}]})");
    first_ =
        new Outcome(lockstep(cat("run ", scenario, " --page --out ", *directory_ / "a", " --junit ",
                                 *directory_ / "junit.xml", " --markdown ", *directory_ / "summary.md")));
    lockstep(cat("run ", scenario, " --seed 8 --trace --out ", *directory_ / "b"));
  }
  static void TearDownTestSuite() {
    delete first_;
    delete directory_;
  }
  static std::string at(std::string_view name) { return *directory_ / name; }
  // A copy of the first run, to be damaged.
  static fs::path copy(const std::string& name) {
    fs::copy(at("a/small-7"), at(name), fs::copy_options::recursive);
    return at(name);
  }

  static TemporaryDirectory* directory_;
  static Outcome* first_;
};
TemporaryDirectory* RecordedRuns::directory_ = nullptr;
Outcome* RecordedRuns::first_ = nullptr;

// On real processes: longer than the workload took, for processes begin and end, and the twin is run.
TEST(RealRuns, TheReportSaysHowLongTheyTook) {
  const TemporaryDirectory home;
  write(home / "real.json", R"({"name":"real","about":"One second.","seed":7,)"
                            R"("workload":[{"kind":"register","for":"1s","clients":1}]})");
  const Outcome run = lockstep(cat("run ", home / "real.json", " --on real --page --out ", home / "out"));
  ASSERT_EQ(run.code, 0) << run.out;
  EXPECT_EQ(lockstep(cat("report ", home / "out")).code, 0);  // of its trace as many events as it counts
  const auto report = nlohmann::json::parse(read(fs::path(home / "out") / "real-7" / "report.json"));
  EXPECT_GT(report["lasted_ns"].get<std::int64_t>(), 1'000'000'000);
  EXPECT_GT(report["real_ns"].get<std::int64_t>(), report["lasted_ns"].get<std::int64_t>());
}

TEST_F(RecordedRuns, ADirectoryThatAnotherRunWritesToIsLeftAlone) {
  const int other = ::open(at("a/small-7").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(other, 0);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  const Outcome second = lockstep(cat("run ", at("small.json"), " --out ", at("a")));
  EXPECT_EQ(second.code, 2);
  EXPECT_NE(second.out.find("another process is writing its report there"), std::string::npos) << second.out;
  ::close(other);
}

TEST_F(RecordedRuns, DraftsOfKilledProcessesAreRemovedByTheNextRun) {
  const fs::path directory = at("drafts/small-7");
  fs::create_directories(directory);
  const std::string dead = "trace.jsonl.2000000000.part";  // above every number that a process can have
  const std::string living = cat("trace.jsonl.", ::getpid(), ".part");
  for (const std::string& name : {dead, living, std::string("my.part"), std::string("a.1x.part")})
    write(directory / name, "{");
  ASSERT_EQ(lockstep(cat("run ", at("small.json"), " --out ", at("drafts"))).code, 0);
  EXPECT_FALSE(fs::exists(directory / dead));
  for (const std::string& name : {living, std::string("my.part"), std::string("a.1x.part")})
    EXPECT_TRUE(fs::exists(directory / name)) << name;
}

TEST_F(RecordedRuns, WhatStandsWhereADocumentGoesStaysWhatItIs) {
  write(at("target.xml"), "old");
  fs::create_symlink(at("target.xml"), at("link.xml"));
  EXPECT_EQ(lockstep(cat("report ", at("a"), " --format junit --out ", at("link.xml"))).code, 0);
  EXPECT_TRUE(fs::is_symlink(at("link.xml")));
  EXPECT_NE(read(at("target.xml")).find("<testsuite"), std::string::npos);
  const Outcome piped = lockstep(cat("report ", at("a"), " --format markdown --out /dev/stdout | cat"));
  EXPECT_NE(piped.out.find("small"), std::string::npos) << piped.out;
  EXPECT_EQ(lockstep(cat("diff ", at("a/small-7"), " /dev/zero")).code, 2);
  EXPECT_EQ(lockstep("sql --file /dev/zero").code, 2);
}

TEST_F(RecordedRuns, ARunLeavesItsPageAndDocuments) {
  EXPECT_EQ(first_->code, 0) << first_->out;
  EXPECT_NE(first_->out.find(cat("  page: ", at("a/small-7/report.html"))), std::string::npos) << first_->out;
  EXPECT_NE(read(at("junit.xml")).find("<testsuite name=\"small-7\""), std::string::npos);
  EXPECT_EQ(read(at("summary.md")).find("### ✅ small: holds"), 0u);
}

TEST_F(RecordedRuns, AReportMadeLaterIsTheSame) {
  const std::string page = read(at("a/small-7/report.html"));
  const Outcome outcome = lockstep(cat("report ", at("a/small-7"), " --out ", at("again.html")));
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(read(at("again.html")), page);
  EXPECT_EQ(lockstep(cat("report ", at("a"), " --format text")).out, read(at("a/small-7/report.txt")));
  EXPECT_EQ(lockstep(cat("report ", at("a"), " --format json")).out, read(at("a/small-7/report.json")));
}

TEST_F(RecordedRuns, ReportsThatAreMissingOrDamagedAreNamed) {
  Outcome outcome = lockstep(cat("report ", at("nowhere")));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out,
            cat("lockstep report: ", at("nowhere"),
                ": expected the directory of a run, with a report.json in it or in directories below it\n"));

  const fs::path cut = copy("cut");
  const std::string report = read(cut / "report.json");
  write(cut / "report.json", std::string_view(report).substr(0, report.size() / 2));
  outcome = lockstep(cat("report ", cut.string()));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, cat("lockstep report: ", (cut / "report.json").string(),
                             ": expected a whole report as JSON; it is damaged or cut off\n"));

  const fs::path torn = copy("torn");
  const std::string trace = read(torn / "trace.jsonl");
  write(torn / "trace.jsonl", std::string_view(trace).substr(0, trace.size() - 10));
  outcome = lockstep(cat("report ", torn.string()));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.out.find(": expected a line end after the last event: the file was cut off\n"),
            std::string::npos)
      << outcome.out;
  EXPECT_EQ(lockstep(cat("diff ", torn.string(), " ", at("a/small-7"))).code, 2);
}

TEST_F(RecordedRuns, ATraceThatIsNotTheRunsIsRefused) {
  const fs::path part = copy("part");
  const std::string trace = read(part / "trace.jsonl");
  write(part / "trace.jsonl", std::string_view(trace).substr(0, trace.find('\n', trace.size() / 2) + 1));
  Outcome outcome = lockstep(cat("report ", part.string(), " --out ", at("part.html")));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.out.find(" events that report.json counts, found "), std::string::npos) << outcome.out;
  EXPECT_FALSE(fs::exists(at("part.html")));

  const fs::path altered = copy("altered");  // as many events, one of them another
  std::string other = trace;
  const std::size_t sent = other.find("\"event\":\"frame_sent\"");
  const std::size_t bytes = other.find("\"bytes\":", sent) + 8;
  other[bytes] = other[bytes] == '9' ? '8' : '9';
  write(altered / "trace.jsonl", other);
  outcome = lockstep(cat("report ", altered.string()));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.out.find("expected events with the hash "), std::string::npos) << outcome.out;
  for (const auto& [first, second] : {std::pair(at("a/small-7"), altered.string()),
                                      std::pair(altered.string(), at("a/small-7"))})
    EXPECT_EQ(lockstep(cat("compare ", first, " ", second, " --page ", at("refused.html"))).code, 2);
  EXPECT_FALSE(fs::exists(at("refused.html")));
  EXPECT_EQ(lockstep(cat("report ", altered.string(), " --format text")).code, 0);  // it shows no event
}

TEST(Memory, WhatIsNotThereIsSaid) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs more by itself";
#endif
  const std::string limited = "ulimit -v 400000; ";
  ASSERT_EQ(run(limited + LOCKSTEP_PROGRAM " --version").code, 0);
  const Outcome outcome =
      run(limited + "head -c 900000000 /dev/zero | (" LOCKSTEP_PROGRAM " check - --model register; exit $?)");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out.find("lockstep: out of memory"), 0u) << outcome.out;
}

TEST(Runs, AGroupOfNobodySaysSo) {
  const TemporaryDirectory home;
  write(home / "early.json", R"({"name":"early","about":"Nobody leads yet.","seed":7,"workload":[{"kind":"register","for":"1s",)"
                             R"("clients":1}],"faults":[{"at":"0ms","partition":[["leader"],["others"]],"for":"100ms"}]})");
  const Outcome run = lockstep(cat("run ", home / "early.json", " --out ", home / "out"));
  EXPECT_NE(run.out.find(": nobody | n1 n2 n3 c1 "), std::string::npos) << run.out;
}

TEST(Runs, ASweepOfSeedsLeavesNoOtherToBeAskedFor) {
  const TemporaryDirectory home;
  write(home / "sweep.json", R"({"name":"sweep","about":"Two seeds.","workload":[{"kind":"register","for":"1s"}],)"
                             R"("sweep":{"/seed":[1,2]}})");
  const Outcome refused = lockstep(cat("run ", home / "sweep.json", " --seed 9 --out ", home / "out"));
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("expected no --seed for "), std::string::npos) << refused.out;
  EXPECT_EQ(lockstep(cat("run ", home / "sweep.json", " --out ", home / "out")).code, 0);
}

TEST(Runs, AFileThatMayNotGrowIsSaidToBe) {
  const TemporaryDirectory home;
  write(home / "some.json", R"({"name":"some","about":"A trace.","workload":[{"kind":"register","for":"5s"}]})");
  const Outcome run_ = run(cat("ulimit -f 20; exec " LOCKSTEP_PROGRAM " run ", home / "some.json", " --trace --out ", home / "out"));
  EXPECT_EQ(run_.code, 2) << run_.out;
  EXPECT_NE(run_.out.find("File too large"), std::string::npos) << run_.out;
}

TEST(Runs, ANameThatNoDirectoryCanHaveIsRefusedAtOnce) {
  const TemporaryDirectory home;
  write(home / "long.json", cat(R"({"name":")", std::string(201, 'a'),
                                R"(","about":"Long.","workload":[{"kind":"register","for":"1s"}]})"));
  const Outcome run = lockstep(cat("run ", home / "long.json", " --out ", home / "out"));
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.out.find("/name: expected a name of at most 200 "), std::string::npos) << run.out;
}

TEST(Runs, ManySeedsAreSaidToBeASweep) {
  const Outcome refused = lockstep("run x.json --seeds 1..9");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("expected --seed N, found --seeds 1..9: many seeds are a sweep in the file"), std::string::npos)
      << refused.out;
  EXPECT_EQ(lockstep("run --help").out.find("--seeds A"), std::string::npos);
}

TEST(Runs, WhatIsNoScenarioIsSaidInItsWords) {
  const TemporaryDirectory home;
  write(home / "empty.json", "");
  write(home / "brace.json", "{\n");
  EXPECT_EQ(lockstep("run " + home / "empty.json").out,
            home / "empty.json" + ":1:1: the document: expected a scenario (a JSON object), found nothing\n");
  EXPECT_EQ(lockstep("run " + home / "brace.json").out,
            home / "brace.json" + ":2:1: the document: expected a key in double quotes, found the end of the text\n");
  const Outcome unnamed = lockstep("run ''");
  EXPECT_EQ(unnamed.code, 2);
  EXPECT_EQ(unnamed.out, "lockstep run: expected the name of a file, found an empty text\n");
}

TEST_F(RecordedRuns, OutputThatCannotBeWrittenIsSaidOnce) {
  for (const std::string& command : {cat("run ", at("small.json"), " --out ", at("full")), cat("compare ", at("a"), " ", at("b")), std::string("schema")}) {
    const Outcome full = run(cat("(" LOCKSTEP_PROGRAM " ", command, " > /dev/full)"));
    EXPECT_NE(full.code, 0) << command;
    EXPECT_EQ(std::ranges::count(full.out, '\n'), 1) << full.out;
    EXPECT_NE(full.out.find("standard output cannot be written"), std::string::npos) << full.out;
  }
}

TEST_F(RecordedRuns, ATimeLimitMayBeAPartOfASecond) {
  const std::string check = cat("check ", at("a/small-7/history.jsonl"), " --model cas-register --time-limit ");
  EXPECT_EQ(lockstep(check + "0.5").code, 0);
  const Outcome refused = lockstep(check + "soon");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("expected a number from 0 to "), std::string::npos) << refused.out;
}

TEST_F(RecordedRuns, DiffFindsWhereTwoSeedsPart) {
  EXPECT_EQ(lockstep(cat("diff ", at("a/small-7"), " ", at("a/small-7"))).code, 0);
  const Outcome outcome = lockstep(cat("diff ", at("a/small-7"), " ", at("b/small-8"), " --context 1"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out.find("the first "), 0u) << outcome.out;
  EXPECT_NE(outcome.out.find("\n+ event "), std::string::npos) << outcome.out;
}

TEST_F(RecordedRuns, CompareSaysWhatChangedAndShowsIt) {
  const Outcome outcome = lockstep(cat("compare ", at("a"), " ", at("b"), " --page ", at("compared.html")));
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_NE(outcome.out.find("no verdict changed"), std::string::npos) << outcome.out;
  EXPECT_NE(read(at("compared.html")).find("\"parts_at\":"), std::string::npos);

  const fs::path worse = copy("worse");
  std::string report = read(worse / "report.json");
  for (const std::string_view key : {"\"verdict\": \"holds\"", "\"name\": \"liveness\""}) {
    const std::size_t from = report.find("\"verdict\": \"holds\"", report.find(key));
    report.replace(from, 18, "\"verdict\": \"violated\"");
  }
  write(worse / "report.json", report);
  const Outcome judged = lockstep(cat("compare ", at("a"), " ", worse.string()));
  EXPECT_EQ(judged.code, 1);
  EXPECT_NE(judged.out.find("worse: small-7, liveness: holds -> violated\n"), std::string::npos)
      << judged.out;
}

TEST_F(RecordedRuns, AHistoryThatIsMissingIsSaidToBe) {
  const fs::path bare = copy("bare");
  fs::remove(bare / "history.jsonl");
  const Outcome compared = lockstep(cat("compare ", at("b"), " ", bare.string()));
  EXPECT_EQ(compared.code, 0) << compared.out;
  EXPECT_NE(compared.out.find(cat("\nno history.jsonl in ", bare.string(), ": the latencies are not known\n")), std::string::npos)
      << compared.out;
  EXPECT_NE(compared.out.find(" no history\n"), std::string::npos) << compared.out;
  EXPECT_EQ(compared.out.find("0.00 ms"), std::string::npos) << compared.out;

  const Outcome rendered = lockstep(cat("report ", bare.string()));
  EXPECT_EQ(rendered.code, 0);
  EXPECT_NE(rendered.out.find(": there is no history.jsonl: its page knows no operations and no latencies\n"), std::string::npos)
      << rendered.out;
  EXPECT_NE(read(bare / "report.html").find("\"no_history\":true"), std::string::npos);
  EXPECT_EQ(read(at("a/small-7/report.html")).find("\"no_history\":true"), std::string::npos);
}

TEST_F(RecordedRuns, CompareSaysWhatItCompares) {
  const Outcome seeds = lockstep(cat("compare ", at("a"), " ", at("b")));
  EXPECT_EQ(seeds.out.find(cat(at("a"), ": small, seed 7, simulated\n", at("b"), ": small, seed 8, simulated\n",
                               "another seed: what changed need not be the program's doing\n")),
            0u)
      << seeds.out;
  const Outcome same = lockstep(cat("compare ", at("a"), " ", at("a/small-7")));
  EXPECT_NE(same.out.find("\nthe same scenario and seed, and the traces are equal\n"), std::string::npos) << same.out;
}

}  // namespace
}  // namespace lockstep::tests
