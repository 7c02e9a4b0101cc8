// Planted violations of what is asked of databases and transactions, and stories that only look like them.
#include <gtest/gtest.h>

#include "sim/events.h"
#include "tests/scenarios/oracle_court.h"

namespace lockstep::scenarios {
namespace {

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

TEST(ReplicaDigest, ANodeWhoseDiskHasForgottenIsComparedWithNobody) {
  OracleCourt court(3);
  court.tell(1, {sim::kDiskForgot, {1}});
  court.applied(1, 1, 1, 6, 8);
  court.applied(2, 1, 1, 7, 9);
  court.applied(3, 1, 1, 5, 10);
  EXPECT_EQ(court.sentence("replica-digest"), "the database of n3 differs from that of n2 after entry 1");
  EXPECT_EQ(court.sentence("state-machine-safety"), "n3 got another result than n2 from entry 1");
  court.applied(1, 2, 1, 7, 9);
  court.applied(2, 2, 1, 7, 9);
  court.applied(1, 1, 2, 7, 9);
  EXPECT_EQ(court.sentence("state-machine-safety"), "n3 got another result than n2 from entry 1");
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
  EXPECT_EQ(court.sentence("prepared-durable"),
            "n1 called transaction 4 prepared when 1 of 3 voters had it durable");
}

TEST(PreparedDurable, AnotherEntryAtThatIndexDoesNotCount) {
  OracleCourt court(3);
  court.replicate(3);
  court.durable(1, 4, 2);
  court.durable(2, 4, 1);
  court.durable(3, 3, 1);
  court.transaction_durable(1, 4, false);
  EXPECT_EQ(court.sentence("prepared-durable"),
            "n1 called transaction 4 prepared when 1 of 3 voters had it durable");
}

TEST(PreparedDurable, WhatAWipedNodeHasSaidCountsAndWhatItHasNotDoesNot) {
  OracleCourt court(3);
  court.replicate(3);
  for (std::uint64_t node = 1; node <= 3; ++node) court.durable(node, 4, 1);
  court.tell(3, {sim::kDiskWiped, {}});
  court.recovered(3, {.term = 1});
  court.transaction_durable(1, 4, true);
  EXPECT_EQ(court.sentence("prepared-durable"), "");
  for (std::uint64_t node = 1; node <= 2; ++node) court.durable(node, 5, 1);
  court.transaction_durable(1, 5, true);
  EXPECT_EQ(court.sentence("prepared-durable"),
            "n1 called strong transaction 5 prepared when 2 of 3 voters had it durable");
}

TEST(PreparedDurable, ADiskThatIsNoVotersHoldsNothing) {
  OracleCourt court(3);
  court.replicate(3);
  court.tell(101, {sim::kDiskWiped, {}});
  court.durable(1, 4, 1);
  court.transaction_durable(1, 4, false);
  EXPECT_EQ(court.sentence("prepared-durable"),
            "n1 called transaction 4 prepared when 1 of 3 voters had it durable");
}

TEST(PreparedDurable, WhatACrashMayHaveKeptFromBeingToldCounts) {
  OracleCourt court(3);
  court.replicate(3);
  court.durable(1, 4, 1);
  court.recovered(2, {.last = 4, .commit = 3, .applied = 3, .term = 1});
  court.transaction_durable(1, 4, false);
  EXPECT_EQ(court.sentence("prepared-durable"), "");
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
