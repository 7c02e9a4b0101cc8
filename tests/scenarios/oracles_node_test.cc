// Planted violations of what is asked of each node, and stories that only look like them.
#include <gtest/gtest.h>

#include "sim/disk_rules.h"
#include "tests/scenarios/oracle_court.h"

namespace lockstep::scenarios {
namespace {

// ---- election safety ---------------------------------------------------------------------------------

TEST(ElectionSafety, TwoLeadersOfOneTermAreReported) {
  OracleCourt court(3);
  court.leads(1, 3);
  court.leads(2, 3);
  EXPECT_EQ(court.sentence("election-safety"), "n2 leads term 3, which n1 led before");
}

TEST(ElectionSafety, ALeaderOfATermOfLongAgoIsStillReported) {
  OracleCourt court(3);
  for (std::uint64_t term = 1; term <= 100; ++term) court.leads(1 + term % 3, term);
  EXPECT_EQ(court.verdict(), "");
  court.leads(1, 1);
  EXPECT_EQ(court.sentence("election-safety"), "n1 leads term 1, which n2 led before");
}

TEST(ElectionSafety, TheSameNodeMayReportItsLeadershipAgain) {
  OracleCourt court(3);
  court.leads(1, 3);
  court.leads(1, 3);
  EXPECT_EQ(court.verdict(), "");
}

// Three voters that have told their terms.
class Election : public OracleCourt {
 public:
  Election() : OracleCourt(3) {
    for (std::uint64_t node = 1; node <= 3; ++node) recovered(node, {});
  }
};

TEST(ElectionSafety, ALeaderWhoseVotesAreNotDurableIsReported) {
  Election court;
  court.voted(1, 1, 1);
  court.voted(2, 1, 0);  // the term, and no vote yet
  court.leads(1, 1);
  EXPECT_EQ(court.sentence("election-safety"),
            "n1 leads term 1 when 1 of 3 voters had a vote for it durable");
}

TEST(ElectionSafety, AVoteForAnotherDoesNotCount) {
  Election court;
  court.voted(1, 1, 1);
  court.voted(2, 1, 2);
  court.voted(3, 1, 2);
  court.leads(1, 1);
  EXPECT_EQ(court.sentence("election-safety"),
            "n1 leads term 1 when 1 of 3 voters had a vote for it durable");
}

// The voter may be in a later term when its vote arrives.
TEST(ElectionSafety, AnOldVoteCounts) {
  Election court;
  court.voted(1, 1, 1);
  court.voted(2, 1, 1);
  court.voted(2, 2, 3);
  court.leads(1, 1);
  EXPECT_EQ(court.verdict(), "");
}

TEST(ElectionSafety, AVoteWhoseEventACrashSwallowedCounts) {
  Election court;
  court.voted(1, 1, 1);
  court.voted(2, 1, 0);
  court.recovered(2, {.term = 1});
  court.leads(1, 1);
  EXPECT_EQ(court.verdict(), "");
}

// ---- monotonic ---------------------------------------------------------------------------------------

TEST(Monotonic, ATermThatGoesBackOverARestartIsReported) {
  OracleCourt court(3);
  court.voted(1, 5, 1);
  court.recovered(1, {.term = 4});
  EXPECT_EQ(court.sentence("monotonic"), "n1 came back in term 4 after term 5 was durable");
}

TEST(Monotonic, ACommitIndexThatNobodyKnewIsReported) {
  OracleCourt court(3);
  court.replicate(2);
  court.recovered(2, {.last = 3, .commit = 2, .applied = 2, .term = 1});
  EXPECT_EQ(court.verdict(), "");
  court.recovered(2, {.last = 3, .commit = 3, .applied = 2, .term = 1});
  EXPECT_EQ(court.sentence("monotonic"),
            "n2 came back with commit index 3; nobody knew more than 2 to be committed");
}

TEST(Monotonic, ATermThatGoesBackOnTheDiskIsReported) {
  OracleCourt court(3);
  court.voted(1, 5, 1);
  court.voted(1, 4, 2);
  EXPECT_EQ(court.sentence("monotonic"), "n1 made term 4 durable after term 5");
}

TEST(Monotonic, ATermThatGoesBackInMemoryIsReported) {
  OracleCourt court(3);
  court.follows(1, 5);
  court.follows(1, 4);
  EXPECT_EQ(court.sentence("monotonic"), "n1 went back from term 5 to term 4");
}

TEST(Monotonic, ASecondVoteInOneTermIsReportedAlsoAfterARestart) {
  OracleCourt court(3);
  court.voted(1, 5, 1);
  court.recovered(1, {.term = 5});
  court.voted(1, 5, 2);
  EXPECT_EQ(court.sentence("monotonic"), "n1 voted for n1 and for n2 in term 5");
}

TEST(Monotonic, AForgottenVoteIsReported) {
  OracleCourt court(3);
  court.voted(1, 5, 2);
  court.voted(1, 5, 0);
  EXPECT_EQ(court.sentence("monotonic"), "n1 forgot its vote for n2 in term 5");
}

TEST(Monotonic, ACommitIndexThatGoesBackIsReported) {
  OracleCourt court(3);
  court.replicate(3);
  court.committed(1, 2, 1);
  EXPECT_EQ(court.sentence("monotonic"), "n1 took its commit index back from 3 to 2");
}

TEST(Monotonic, ASkippedEntryIsReported) {
  OracleCourt court(3);
  court.replicate(2);
  court.applied(1, 4, 1);
  EXPECT_EQ(court.sentence("monotonic"), "n1 applied entry 4 after entry 2");
}

TEST(Monotonic, AnEntryAppliedTwiceInOneLifeIsReported) {
  OracleCourt court(3);
  court.replicate(2);
  court.applied(2, 2, 1);
  EXPECT_EQ(court.sentence("monotonic"), "n2 applied entry 2 after entry 2");
}

TEST(Monotonic, ADatabaseAheadOfEveryCommitIsReported) {
  OracleCourt court(3);
  court.replicate(2);
  court.recovered(2, {.last = 3, .commit = 3, .applied = 3, .term = 1});
  EXPECT_EQ(court.sentence("monotonic"),
            "n2 came back with entry 3 applied; nobody knew more than 2 to be committed");
}

TEST(Monotonic, AWipedDiskIsTheOperatorsDeed) {
  OracleCourt court(3);
  court.voted(1, 5, 1);
  court.durable(1, 1, 5);
  court.tell(1, {sim::kDiskWiped, {}});
  court.recovered(1, {});
  court.voted(1, 1, 2);
  EXPECT_EQ(court.verdict(), "");
}

TEST(Harm, WhatALyingDiskForgotIsNotItsNodesFault) {
  OracleCourt court(3);
  court.replicate(3);
  court.voted(2, 5, 1);
  court.tell(2, {sim::kDiskForgot, {1}});
  court.recovered(2, {.last = 1, .commit = 1, .applied = 1, .term = 1});
  court.voted(2, 5, 3);
  EXPECT_EQ(court.verdict(), "");
}

TEST(Harm, AnErrorOfTheDiskExcusesNothing) {
  OracleCourt court(3);
  court.replicate(3);
  court.tell(2,
             {sim::kDiskFault, {static_cast<std::uint64_t>(sim::DiskTrouble::kError), 8, 0, 100}, "kv/log"});
  court.recovered(2, {.last = 1, .commit = 1, .applied = 1, .term = 1});
  EXPECT_NE(court.verdict(), "");
}

// ---- prefix order ------------------------------------------------------------------------------------

TEST(PrefixOrder, DroppingWhatTheDatabaseMayLoseIsReported) {
  OracleCourt court(3);
  court.replicate(5);
  court.dropped(1, 5, 3, 5);
  EXPECT_EQ(court.sentence("prefix-order"),
            "n1 dropped its log up to 4; its database is durable up to only 3");
}

TEST(PrefixOrder, DroppingWhatAVoterStillNeedsIsReported) {
  OracleCourt court(3);
  court.leads(1, 1);
  for (std::uint64_t index = 1; index <= 5; ++index)
    for (std::uint64_t node = 1; node <= (index <= 3 ? 3u : 2u); ++node) court.durable(node, index, 1);
  court.committed(1, 5, 1);
  for (std::uint64_t index = 1; index <= 5; ++index) court.applied(1, index, 1);
  court.dropped(1, 4, 5, 5);
  EXPECT_EQ(court.verdict(), "");
  court.dropped(1, 5, 5, 5);
  EXPECT_EQ(court.sentence("prefix-order"), "n1 dropped its log up to 4; n3 has durable only 3");
}

TEST(PrefixOrder, DroppingBeyondWhatIsKnownToBeEverywhereIsReported) {
  OracleCourt court(3);
  court.replicate(5);
  court.dropped(1, 5, 5, 3);
  EXPECT_EQ(court.sentence("prefix-order"), "n1 dropped its log up to 4; it knows to be everywhere only 3");
}

TEST(PrefixOrder, ApplyingWhatIsNotKnownToBeCommittedIsReported) {
  OracleCourt court(3);
  court.replicate(2);
  court.durable(1, 3, 1);
  court.applied(1, 3, 1);
  EXPECT_EQ(court.sentence("prefix-order"), "n1 applied entry 3 and knew only 2 to be committed");
}

TEST(PrefixOrder, AVoterThatWasNeverHeardOfNeedsTheWholeLog) {
  OracleCourt court(4);
  court.replicate(5);
  court.dropped(1, 3, 5, 5);
  EXPECT_EQ(court.sentence("prefix-order"),
            "n1 dropped its log up to 2; a voter has never reported its log; safe is only 0");
}

}  // namespace
}  // namespace lockstep::scenarios
