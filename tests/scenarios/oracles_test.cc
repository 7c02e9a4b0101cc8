// Each oracle hears a fine story and keeps silent, and planted violations and names them.
#include <gtest/gtest.h>

#include "sim/disk_rules.h"
#include "tests/scenarios/oracle_court.h"

namespace lockstep::scenarios {
namespace {

// ---- a fine run -------------------------------------------------------------------------------------------------

// Elections, a deposed leader whose entry is replaced, a crash, transactions, dropped prefixes.
TEST(Oracles, AFineRunIsAcceptedByAllAndEveryOneOfThemCompared) {
  OracleCourt court(3);
  for (std::uint64_t node = 1; node <= 3; ++node) court.voted(node, 1, 1);
  court.replicate(4);
  court.prepared(1, 4);
  court.prepared(2, 4);
  court.transaction_durable(1, 4, true);
  court.executed(1, 2, 1, 1);
  court.executed(2, 2, 1, 1);
  court.durable(1, 5, 1);  // n1 is cut off with an entry of its own
  court.voted(2, 2, 2);
  court.voted(3, 2, 2);
  court.leads(2, 2);
  court.durable(2, 5, 2);
  court.durable(3, 5, 2);
  court.committed(2, 5, 2);
  court.applied(2, 5, 2);
  court.decided(2, 4, 5, false);
  court.voted(1, 2, 0);
  court.follows(1, 2, 2);
  court.committed(1, 5, 2);  // told before the write that cuts is durable
  court.cut(1, 5);
  court.durable(1, 5, 2);
  court.applied(1, 5, 2);
  court.decided(1, 4, 5, false);
  court.recovered(3, {.last = 5, .commit = 3, .applied = 0, .term = 2});
  court.committed(3, 5, 2);
  for (std::uint64_t index = 1; index <= 5; ++index) court.applied(3, index, index == 5 ? 2 : 1);
  court.decided(3, 4, 5, false);
  for (std::uint64_t node = 1; node <= 3; ++node) court.dropped(node, 4, 5, 5);
  EXPECT_EQ(court.verdict(), "");
  for (const auto& oracle : court.oracles()) EXPECT_GT(oracle->checked(), 0u) << oracle->name();
}

TEST(Oracles, NamesAndPromisesAreDistinct) {
  const auto oracles = make_oracles({.voters = 3});
  EXPECT_EQ(oracles.size(), 14u);
  for (const auto& a : oracles)
    for (const auto& b : oracles)
      if (a != b) {
        EXPECT_NE(a->name(), b->name());
        EXPECT_NE(a->promise(), b->promise());
      }
}

TEST(Oracles, AViolationSaysWhereItWasSeenAndOnlyTheFirstAreKept) {
  OracleCourt court(3);
  court.leads(1, 1);
  for (int i = 0; i < 50; ++i) court.leads(2, 1);
  const auto& violations = court.oracle("election-safety").violations();
  ASSERT_EQ(violations.size(), 10u);
  EXPECT_EQ(violations.front().order, 1u);
  EXPECT_EQ(violations.front().at, Duration(1));
  EXPECT_EQ(violations.front().node, NodeId(2));
}

// ---- election safety --------------------------------------------------------------------------------------------

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

// ---- state machine safety and digest ----------------------------------------------------------------------------

TEST(StateMachineSafety, DifferentEntriesAppliedAtOneIndexAreReported) {
  OracleCourt court(3);
  court.applied(1, 1, 1);
  court.applied(2, 1, 2);
  EXPECT_EQ(court.sentence("state-machine-safety"),
            "n2 applied an entry of term 2 at index 1; n1 applied another there, of term 1");
}

TEST(StateMachineSafety, ADifferentResultOfTheSameEntryIsReported) {
  OracleCourt court(3);
  court.applied(1, 1, 1, 7, 9);
  court.applied(2, 1, 1, 7, 10);
  EXPECT_EQ(court.sentence("state-machine-safety"), "n2 got another result than n1 from entry 1");
}

TEST(StateMachineSafety, ANodeThatAppliesAgainAfterACrashIsComparedWithItself) {
  OracleCourt court(3);
  court.replicate(1);
  court.recovered(1, {.last = 1, .commit = 1, .applied = 0, .term = 1});
  court.committed(1, 1, 1);
  court.applied(1, 1, 1, 7, 11);
  EXPECT_EQ(court.sentence("state-machine-safety"), "n1 got another result than n1 from entry 1");
}

TEST(ReplicaDigest, DatabasesThatDifferAfterOneIndexAreReported) {
  OracleCourt court(3);
  court.applied(1, 1, 1, 7);
  court.applied(2, 1, 1, 8);
  EXPECT_EQ(court.sentence("replica-digest"), "the database of n2 differs from that of n1 after entry 1");
}

TEST(ReplicaDigest, ADatabaseThatLostRowsInACrashIsReported) {
  OracleCourt court(3);
  court.replicate(2);
  court.recovered(2, {.last = 2, .commit = 2, .applied = 1, .term = 1});
  court.committed(2, 2, 1);
  court.applied(2, 2, 1, 70);
  EXPECT_EQ(court.sentence("replica-digest"), "the database of n2 differs from that of n1 after entry 2");
}

// ---- monotonic --------------------------------------------------------------------------------------------------

TEST(Monotonic, ATermThatGoesBackOverARestartIsReported) {
  OracleCourt court(3);
  court.voted(1, 5, 1);
  court.recovered(1, {.term = 4});
  EXPECT_EQ(court.sentence("monotonic"), "n1 came back in term 4 after term 5 was durable");
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
  court.tell(2, {sim::kDiskFault, {static_cast<std::uint64_t>(sim::DiskTrouble::kError), 8, 0, 100}, "kv/log"});
  court.recovered(2, {.last = 1, .commit = 1, .applied = 1, .term = 1});
  EXPECT_NE(court.verdict(), "");
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

// ---- prefix order -----------------------------------------------------------------------------------------------

TEST(PrefixOrder, DroppingWhatTheDatabaseMayLoseIsReported) {
  OracleCourt court(3);
  court.replicate(5);
  court.dropped(1, 5, 3, 5);
  EXPECT_EQ(court.sentence("prefix-order"), "n1 dropped its log up to 4; its database is durable up to only 3");
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

// ---- prepared durable -------------------------------------------------------------------------------------------

TEST(PreparedDurable, AStrongTransactionThatOneVoterLacksIsReported) {
  OracleCourt court(3);
  court.replicate(3);
  court.durable(1, 4, 1);
  court.durable(2, 4, 1);
  court.transaction_durable(1, 4, false);
  EXPECT_EQ(court.verdict(), "");
  court.transaction_durable(1, 4, true);
  EXPECT_EQ(court.sentence("prepared-durable"),
            "n1 called strong transaction 4 prepared when 2 of 3 voters had it durable");
}

TEST(PreparedDurable, ATransactionThatOnlyTheLeaderHasIsReported) {
  OracleCourt court(3);
  court.replicate(3);
  court.durable(1, 4, 1);
  court.transaction_durable(1, 4, false);
  EXPECT_EQ(court.sentence("prepared-durable"), "n1 called transaction 4 prepared when 1 of 3 voters had it durable");
}

// ---- exactly once -----------------------------------------------------------------------------------------------

TEST(ExactlyOnce, ARetryThatIsExecutedAgainIsReported) {
  OracleCourt court(3);
  court.executed(1, 5, 2, 1);
  court.executed(1, 9, 2, 1);
  EXPECT_EQ(court.sentence("exactly-once"),
            "n1 executed write 1 of session 2 at index 9; it had been executed at index 5");
}

TEST(ExactlyOnce, ADuplicateOnAnotherNodeIsReported) {
  OracleCourt court(3);
  for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence) court.executed(1, 10 + sequence, 2, sequence);
  EXPECT_EQ(court.verdict(), "");
  court.executed(3, 2000, 2, 500);
  EXPECT_EQ(court.sentence("exactly-once"),
            "n3 executed write 500 of session 2 at index 2000; it had been executed at index 510");
}

TEST(ExactlyOnce, TheSameIndexOnAllNodesAndAgainAfterACrashIsOneExecution) {
  OracleCourt court(3);
  for (std::uint64_t node = 1; node <= 3; ++node) court.executed(node, 5, 2, 1);
  court.executed(1, 5, 2, 1);
  court.executed(1, 6, 3, 1);  // another session's first write
  EXPECT_EQ(court.verdict(), "");
}

TEST(ExactlyOnce, WritesOfNoSessionAreNotMistakenForOneAnother) {
  OracleCourt court(3);
  court.executed(1, 5, 0, 0);
  court.executed(1, 9, 0, 0);
  EXPECT_EQ(court.verdict(), "");
}

// ---- applied stays ----------------------------------------------------------------------------------------------

TEST(AppliedStays, AnEntryThatACrashTookAwayIsReported) {
  OracleCourt court(1, false);
  court.recovered(1, {.applied = 0});
  for (std::uint64_t index = 1; index <= 3; ++index) court.applied(1, index, 1);
  court.recovered(1, {.applied = 3});
  EXPECT_EQ(court.verdict(), "");
  court.recovered(1, {.applied = 2});
  EXPECT_EQ(court.sentence("applied-stays"), "n1 came back with entry 2 after it had applied entry 3");
}

TEST(AppliedStays, AnEntryLeftOutIsReported) {
  OracleCourt court(1, false);
  court.recovered(1, {.applied = 4});
  court.applied(1, 6, 1);
  EXPECT_EQ(court.sentence("applied-stays"), "n1 applied entry 6 after entry 4");
}

// ---- transactions -----------------------------------------------------------------------------------------------

TEST(Transactions, NodesThatDecideDifferentlyAreReported) {
  OracleCourt court(3);
  court.prepared(1, 4);
  court.decided(1, 4, 5, true);
  court.decided(2, 4, 5, false);
  EXPECT_EQ(court.sentence("transactions"), "n2 aborted transaction 4 at index 5; n1 committed it at index 5");
}

TEST(Transactions, ASecondDecisionIsReported) {
  OracleCourt court(3);
  court.prepared(1, 4);
  court.decided(1, 4, 5, true);
  court.decided(1, 4, 6, true);
  EXPECT_EQ(court.sentence("transactions"), "n1 committed transaction 4 at index 6; n1 committed it at index 5");
}

TEST(Transactions, ADecisionOnSomethingThatNobodyPreparedIsReported) {
  OracleCourt court(3);
  court.decided(1, 4, 5, true);
  EXPECT_EQ(court.sentence("transactions"), "n1 committed transaction 4, which nobody had prepared");
}

TEST(Transactions, APrepareWhoseReportTheCrashSwallowedCounts) {
  OracleCourt court(3);
  court.replicate(3);
  court.committed(1, 4, 1);
  court.durable(1, 4, 1);
  court.durable(2, 4, 1);
  court.recovered(1, {.last = 4, .commit = 4, .applied = 4, .term = 1});
  court.decided(1, 4, 5, false);
  EXPECT_EQ(court.sentence("transactions"), "");
}

}  // namespace
}  // namespace lockstep::scenarios
