// Planted violations of what is asked of logs, and stories that only look like them.
#include <gtest/gtest.h>

#include "tests/scenarios/oracle_court.h"

namespace lockstep::scenarios {
namespace {

// ---- leader append-only -----------------------------------------------------------------------------------------

TEST(LeaderAppendOnly, ALeaderThatCutsItsLogIsReported) {
  OracleCourt court(3);
  court.replicate(2);
  court.durable(1, 3, 1);
  court.cut(1, 3, raft::Role::kLeader);
  EXPECT_EQ(court.sentence("leader-append-only"), "n1 leads term 1 and cut its own log from 3");
}

TEST(LeaderAppendOnly, ALeaderThatOverwritesAnEntryIsReported) {
  OracleCourt court(3);
  court.durable(1, 1, 1);
  court.durable(1, 2, 1);
  court.leads(1, 2);
  court.durable(1, 2, 2);
  EXPECT_EQ(court.sentence("leader-append-only"),
            "n1 leads term 2 and overwrote its own entry 2 of term 1 with one of term 2");
}

TEST(LeaderAppendOnly, AFollowerMayCutWhatItAppendedAsALeader) {
  OracleCourt court(3);
  court.replicate(2);
  court.durable(1, 3, 1);
  court.follows(1, 2, 2);
  court.cut(1, 3);
  court.durable(1, 3, 2);
  EXPECT_EQ(court.verdict(), "");
}

// ---- log matching -----------------------------------------------------------------------------------------------

TEST(LogMatching, DifferentEntriesOfOneIndexAndTermAreReported) {
  OracleCourt court(3);
  court.durable(1, 1, 1, 100);
  court.durable(2, 1, 1, 200);
  EXPECT_EQ(court.sentence("log-matching"), "n2 holds another entry at index 1 of term 1 than n1");
}

TEST(LogMatching, DifferentEntriesBeforeAnEqualOneAreReported) {
  OracleCourt court(3);
  court.durable(1, 1, 1);
  court.durable(1, 2, 1);
  court.durable(1, 3, 3);
  court.durable(2, 1, 1);
  court.durable(2, 2, 2);
  court.durable(2, 3, 3);
  EXPECT_EQ(court.sentence("log-matching"),
            "n2 and n1 hold entry 3 of term 3, but before it one of term 2 and one of term 1");
}

TEST(LogMatching, AnEntryWithoutTheOneBeforeItInAnotherTermIsFoundAlsoAmongTheUnusual) {
  OracleCourt court(3);
  court.durable(1, 1, 1);
  court.durable(2, 1, 2, 100);  // a second term at index 1
  court.durable(3, 1, 2, 200);
  EXPECT_EQ(court.sentence("log-matching"), "n3 holds another entry at index 1 of term 2 than n2");
}

TEST(LogMatching, WhatACrashMayHaveReplacedIsNotCompared) {
  OracleCourt court(3);
  court.durable(1, 1, 1);
  court.durable(1, 2, 2);
  court.durable(1, 3, 3);
  court.durable(2, 1, 1);
  court.durable(2, 2, 1);
  // n2's write that replaced entry 2 became durable, its event was lost with the process.
  court.recovered(2, {.last = 2, .term = 3});
  court.durable(2, 3, 3);
  EXPECT_EQ(court.verdict(), "");
}

// ---- leader completeness ----------------------------------------------------------------------------------------

TEST(LeaderCompleteness, ALeaderWhoseLogEndsBeforeACommittedEntryIsReported) {
  OracleCourt court(3);
  court.replicate(3);
  court.recovered(3, {.last = 2, .term = 1});  // lost entry 3, and wins
  court.leads(3, 2);
  court.durable(3, 3, 2);
  EXPECT_EQ(court.sentence("leader-completeness"),
            "n3 leads term 2 with a log that ended before 3; entry 3 was committed in term 1");
}

TEST(LeaderCompleteness, ALeaderWithAnotherEntryWhereOneWasCommittedIsReported) {
  OracleCourt court(5);
  for (std::uint64_t node = 1; node <= 3; ++node) court.durable(node, 1, 1);
  court.durable(5, 1, 1);
  court.leads(5, 2);
  court.durable(5, 2, 2);
  court.leads(1, 3);
  for (std::uint64_t node = 1; node <= 3; ++node) court.durable(node, 2, 3);
  court.committed(1, 2, 3);
  EXPECT_EQ(court.verdict(), "");
  court.leads(5, 4);
  court.durable(5, 3, 4);
  EXPECT_EQ(court.sentence("leader-completeness"),
            "n5 leads term 4 with an entry 2 of term 2; one of term 3 was committed there in term 3");
}

TEST(LeaderCompleteness, NewsOfAnOldCommitAreHeldAgainstALaterLeader) {
  OracleCourt court(3);
  court.leads(1, 1);
  court.durable(1, 1, 1);
  court.durable(2, 1, 1);
  court.leads(3, 2);
  court.durable(3, 1, 2);  // with an empty log: it cannot have had n2's vote
  EXPECT_EQ(court.verdict(), "");
  court.committed(1, 1, 1);
  EXPECT_EQ(court.sentence("leader-completeness"),
            "n3 leads term 2 with a log that ended before 1; entry 1 was committed in term 1");
}

TEST(LeaderCompleteness, AnEntryThatOnlyOldLeadersHeldMayBeMissing) {
  OracleCourt court(3);
  court.replicate(2);
  court.durable(1, 3, 1);
  court.leads(2, 2);
  court.durable(2, 3, 2);
  EXPECT_EQ(court.verdict(), "");
}

// ---- committed stays --------------------------------------------------------------------------------------------

TEST(CommittedStays, ALogThatCutsWhatWasCommittedIsReported) {
  OracleCourt court(3);
  court.replicate(3);
  court.cut(2, 3);
  EXPECT_EQ(court.sentence("committed-stays"), "n2 cut its log from 3, where it held what was committed up to 3");
}

TEST(CommittedStays, CuttingIsReportedAsSoonAsTheIndexIsCommittedAnywhere) {
  OracleCourt court(3);
  court.leads(1, 1);
  for (std::uint64_t node = 1; node <= 2; ++node)
    for (std::uint64_t index = 1; index <= 2; ++index) court.durable(node, index, 1);
  court.committed(1, 2, 1);  // applied by nobody yet
  court.cut(2, 1);
  EXPECT_EQ(court.sentence("committed-stays"), "n2 cut its log from 1, where it held what was committed up to 2");
}

TEST(CommittedStays, ALaterEntryAtAnAppliedIndexIsReported) {
  OracleCourt court(3);
  court.replicate(3);
  court.recovered(3, {.last = 2, .term = 1});
  court.durable(3, 3, 2);
  EXPECT_EQ(court.sentence("committed-stays"),
            "n3 wrote an entry of term 2 at index 3, where one of term 1 was committed and applied");
}

TEST(CommittedStays, LateNewsFromADeposedLeadersDiskAreFine) {
  OracleCourt court(3);
  court.replicate(1);
  court.leads(2, 2);
  for (std::uint64_t node = 2; node <= 3; ++node) court.durable(node, 2, 2);
  court.committed(2, 2, 2);
  court.applied(2, 2, 2);
  court.durable(1, 2, 1);
  court.cut(1, 2);
  court.durable(1, 2, 2);
  EXPECT_EQ(court.verdict(), "");
}

TEST(CommittedStays, ACutThatADeposedLeaderHadOrderedMayBeReportedLate) {
  const auto court_after_a_cut_ordered_in = [](std::uint64_t term) {
    OracleCourt court(3);
    court.leads(1, 1);
    for (std::uint64_t node = 1; node <= 3; ++node)
      for (std::uint64_t index = 1; index <= 2; ++index) court.durable(node, index, 1);
    court.leads(2, 3);
    for (std::uint64_t node = 2; node <= 3; ++node) court.durable(node, 3, 3);
    court.committed(2, 3, 3);
    court.applied(2, 1, 1);
    court.applied(2, 2, 1);
    court.cut(1, 2, raft::Role::kFollower, term);
    return court.verdict();
  };
  EXPECT_EQ(court_after_a_cut_ordered_in(2), "");
  EXPECT_NE(court_after_a_cut_ordered_in(3), "");
}

// ---- durable stays ----------------------------------------------------------------------------------------------

TEST(DurableStays, ALostTailOfTheOwnTermIsReported) {
  OracleCourt court(3);
  court.leads(1, 1);
  court.voted(1, 1, 1);
  court.durable(1, 1, 1);
  court.durable(1, 2, 1);
  court.recovered(1, {.last = 1, .term = 1});
  EXPECT_EQ(court.sentence("durable-stays"),
            "n1 came back with a log that ends at 1; it had made entry 2 durable, which nobody replaced");
}

TEST(DurableStays, ALostCommittedEntryIsReportedInAnyTerm) {
  OracleCourt court(3);
  court.replicate(3);
  court.recovered(3, {.last = 1, .term = 6});
  EXPECT_EQ(court.sentence("durable-stays"),
            "n3 came back with a log that ends at 1; it had made entry 3 durable, which nobody replaced");
}

TEST(DurableStays, AnUncommittedTailMayBeReplacedInAWriteThatTheCrashSwallowed) {
  OracleCourt court(3);
  court.replicate(2);
  for (std::uint64_t index = 3; index <= 6; ++index) court.durable(1, index, 1);
  court.recovered(1, {.last = 3, .commit = 2, .applied = 2, .term = 2});
  EXPECT_EQ(court.verdict(), "");
}

// ---- commit has quorum ------------------------------------------------------------------------------------------

TEST(CommitHasQuorum, ACommitBeforeAMajorityIsDurableIsReported) {
  OracleCourt court(3);
  court.leads(1, 1);
  court.durable(1, 1, 1);
  court.committed(1, 1, 1);
  EXPECT_EQ(court.sentence("commit-has-quorum"),
            "n1 declared index 1 committed in term 1 when 1 of 3 voters had an entry of that term durable there");
}

TEST(CommitHasQuorum, CountingReplicasOfAnOlderTermIsReported) {  // Raft Figure 8
  OracleCourt court(3);
  for (std::uint64_t node = 1; node <= 2; ++node) court.durable(node, 1, 1);
  court.leads(1, 3);
  court.committed(1, 1, 3);
  EXPECT_EQ(court.sentence("commit-has-quorum"),
            "n1 declared index 1 committed in term 3 when 0 of 3 voters had an entry of that term durable there");
}

TEST(CommitHasQuorum, HalfOfAnEvenNumberIsNoMajority) {
  OracleCourt court(4);
  court.leads(1, 1);
  court.durable(1, 1, 1);
  court.durable(2, 1, 1);
  court.committed(1, 1, 1);
  EXPECT_NE(court.sentence("commit-has-quorum"), "");
}

TEST(CommitHasQuorum, OneDurableMajorityCoversAllBeforeIt) {
  OracleCourt court(3);
  court.leads(1, 1);
  for (std::uint64_t node = 1; node <= 2; ++node)
    for (std::uint64_t index = 1; index <= 9; ++index) court.durable(node, index, 1);
  court.committed(1, 9, 1);
  EXPECT_EQ(court.verdict(), "");
}

}  // namespace
}  // namespace lockstep::scenarios
