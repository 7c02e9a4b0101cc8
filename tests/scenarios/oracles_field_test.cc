// Planted violations of what is asked of hub and edges, and stories that only look like them.
#include <gtest/gtest.h>

#include "edge/events.h"
#include "hub/events.h"
#include "scenarios/roster.h"
#include "sim/events.h"
#include "tests/scenarios/oracle_court.h"

namespace lockstep::scenarios {
namespace {

constexpr std::uint64_t kE1 = 10'001;  // as the roster numbers edges
constexpr std::uint64_t kBuffer = 77;

class FieldCourt : public OracleCourt {
 public:
  FieldCourt() : OracleCourt(OracleContext{.voters = 3, .bad_packages = {{{1, 9}}}}) {}

  void buffered(std::uint64_t sequence, std::uint64_t readings, std::uint64_t hash = 5) {
    tell(kE1, {edge::kBuffered, {kBuffer, 0, sequence, readings, hash}});
  }
  void applied_batch(std::uint64_t node, std::uint64_t index, std::uint64_t sequence,
                     std::uint64_t readings) {
    tell(node, {hub::kBatchApplied, {index, kE1, kBuffer, 0, sequence, readings}});
  }
  void settled(std::uint64_t received) { tell(kE1, {edge::kBatchSettled, {kBuffer, 0, received}}); }
  void dropped(std::uint64_t sequence, std::uint64_t count, std::uint64_t left) {
    tell(kE1, {edge::kReadingsDropped, {kBuffer, 0, sequence, count, left}});
  }
  void restored(std::uint64_t id, std::uint64_t next, std::uint64_t received, std::uint64_t batches,
                std::uint64_t dropped = 0) {
    tell(kE1, {edge::kStreamRestored, {id, 0, next, received, dropped, batches}});
  }
  // Its disk lost what it had called durable, and it was started again.
  void forgets() {
    tell(kE1, {sim::kDiskForgot, {1}});
    opened();
  }
  void opened() { tell(kE1, {edge::kEdgeOpened, {kBuffer, 0, 0, 0}}); }
  void logged(std::uint64_t node, std::uint64_t index, std::uint64_t id, std::uint64_t window,
              std::uint64_t input_index) {
    tell(node, {hub::kInstructionLogged, {index, id, 1, window, input_index, 0}});
  }
  void executed(std::uint64_t edge, std::uint64_t id) { tell(edge, {edge::kExecuted, {id, 1, 1}}); }
  void active(std::uint64_t node, std::uint64_t index, std::uint64_t version, std::uint64_t hash) {
    tell(node, {hub::kPackageActive, {index, 1, version, hash}});
  }
};

TEST(Roster, EdgesAndTheCloudHaveNames) {
  EXPECT_EQ(Roster::name(NodeId(kE1)), "e1");
  EXPECT_EQ(Roster::name(Roster::cloud()), "cloud");
  EXPECT_EQ(Roster::number(Roster::edge(3)), 3u);
  EXPECT_FALSE(Roster::is_edge(Roster::client(3)));
}

// ---- readings once -----------------------------------------------------------------------------------

TEST(ReadingsOnce, ABatchOnItsWayIsFine) {
  FieldCourt court;
  court.buffered(1, 20);
  for (std::uint64_t node = 1; node <= 3; ++node) court.applied_batch(node, 5, 1, 20);
  court.settled(1);
  EXPECT_EQ(court.verdict(), "");
  EXPECT_GT(court.oracle("readings-once").checked(), 0u);
}

TEST(ReadingsOnce, TwoEntriesWithOneBatchAreReported) {
  FieldCourt court;
  court.buffered(1, 20);
  court.applied_batch(1, 5, 1, 20);
  court.applied_batch(1, 6, 1, 20);
  EXPECT_EQ(court.sentence("readings-once"),
            "batch 1 of stream 0 of e1 is committed twice: by entry 5 and by entry 6");
}

TEST(ReadingsOnce, ABatchThatWasNeverSafeInTheBufferIsReported) {
  FieldCourt court;
  court.applied_batch(1, 5, 1, 20);
  EXPECT_EQ(court.sentence("readings-once"),
            "batch 1 of stream 0 of e1 is committed, and the edge has never had it safe in its buffer");
}

// A disk that has forgotten the first ones is no excuse.
TEST(ReadingsOnce, OtherReadingsUnderAnOldNumberAreReported) {
  for (const bool forgets : {false, true}) {
    FieldCourt court;
    court.buffered(1, 20);
    court.buffered(1, 20);
    EXPECT_EQ(court.verdict(), "");
    if (forgets) court.forgets();
    court.buffered(1, 20, 6);
    EXPECT_EQ(court.sentence("readings-once"),
              "e1 took other readings under the number 1 of stream 0, which it had used before");
  }
}

TEST(ReadingsOnce, ForgettingWhatIsNotCommittedIsReported) {
  FieldCourt court;
  court.buffered(1, 20);
  court.settled(1);
  EXPECT_EQ(court.sentence("readings-once"),
            "e1 forgot batch 1 of stream 0 with 20 readings that are not committed");
}

TEST(ReadingsOnce, WhatThePolicyHasCountedMayBeMissing) {
  FieldCourt court;
  court.buffered(1, 20);
  court.buffered(2, 20);
  court.dropped(1, 20, 0);
  court.dropped(2, 15, 5);
  court.applied_batch(2, 8, 2, 5);
  court.settled(2);
  EXPECT_EQ(court.verdict(), "");
}

// What was under way when the batch was thinned or given up may arrive; nothing else may.
TEST(ReadingsOnce, ABatchMayComeWithAsManyReadingsAsItEverHad) {
  for (const std::uint64_t came : {20, 10, 5, 7}) {
    FieldCourt court;
    court.buffered(1, 20);
    court.dropped(1, 10, 10);
    court.dropped(1, 5, 5);
    court.dropped(1, 5, 0);
    court.applied_batch(2, 8, 1, came);
    EXPECT_EQ(court.sentence("readings-once"),
              came == 7 ? "batch 1 of e1 was committed with 7 readings; it has 0" : "");
  }
}

TEST(ReadingsOnce, WhatACrashLeftUntoldIsCountedOnce) {
  FieldCourt court;
  court.buffered(1, 20);
  court.buffered(2, 20);
  court.restored(kBuffer, 3, 0, 2, 8);
  court.applied_batch(2, 8, 1, 12);
  EXPECT_EQ(court.verdict(), "");
  court.applied_batch(2, 9, 2, 12);
  EXPECT_EQ(court.sentence("readings-once"), "batch 2 of e1 was committed with 12 readings; it has 20");
}

TEST(ReadingsOnce, ACountThatDoesNotAddUpIsReported) {
  FieldCourt court;
  court.buffered(1, 20);
  court.dropped(1, 10, 5);
  EXPECT_EQ(court.sentence("readings-once"),
            "e1 says that it dropped 10 of 20 readings of batch 1 and that 5 are left");
}

TEST(ReadingsOnce, AnAcknowledgementAheadOfTheLogIsReported) {
  FieldCourt court;
  court.buffered(1, 20);
  court.tell(2, {hub::kBatchAcknowledged, {kE1, kBuffer, 0, 1}});
  EXPECT_EQ(court.sentence("readings-once"),
            "n2 told e1 that batch 1 of stream 0 is committed; the highest is 0");
}

TEST(ReadingsOnce, AHarmedDiskExcusesItsEdgeAndNotTheHub) {
  FieldCourt court;
  court.buffered(1, 20);
  court.buffered(2, 20);
  court.applied_batch(1, 5, 1, 20);
  court.forgets();
  court.settled(2);
  EXPECT_EQ(court.verdict(), "");
  court.applied_batch(1, 6, 1, 20);
  EXPECT_EQ(court.sentence("readings-once"),
            "batch 1 of stream 0 of e1 is committed twice: by entry 5 and by entry 6");
}

TEST(ReadingsOnce, AHarmedDiskExcusesNothingThatItsEdgeTookSince) {
  for (const std::uint64_t came : {0, 5}) {  // thinned out, perhaps, and nobody has said so
    FieldCourt court;
    court.opened();
    court.buffered(1, 20);
    court.forgets();
    court.buffered(9, 20);
    if (came > 0) court.applied_batch(1, 5, 9, came);
    court.settled(9);
    EXPECT_EQ(court.sentence("readings-once"),
              cat("e1 forgot batch 9 of stream 0 with ", 20 - came, " readings that are not committed"));
  }
}

// It had batches 1 to 3, which are at the hub, kept 1 only, and took others as 8 and 9.
TEST(ReadingsOnce, AStreamGoesOnUnderAnotherIdWithWhatThisLifeTook) {
  constexpr std::uint64_t kOwn = 78;
  FieldCourt court;
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    court.buffered(sequence, 20);
    court.applied_batch(1, 4 + sequence, sequence, 20);
  }
  court.forgets();
  court.restored(kBuffer, 2, 0, 1);
  court.buffered(8, 10, 6);
  court.buffered(9, 10, 7);
  court.restored(kOwn, 10, 0, 2);
  for (std::uint64_t sequence = 8; sequence <= 9; ++sequence)
    court.tell(1, {hub::kBatchApplied, {6 + sequence, kE1, kOwn, 0, sequence, 10}});
  court.tell(kE1, {edge::kBatchSettled, {kOwn, 0, 9}});
  EXPECT_EQ(court.verdict(), "");
  court.tell(1, {hub::kBatchApplied, {10, kE1, kOwn, 0, 1, 20}});
  EXPECT_EQ(court.sentence("readings-once"),
            "batch 1 of stream 0 of e1 is committed, and the edge has never had it safe in its buffer");
}

TEST(ReadingsOnce, AnotherIdWithoutHarmIsReported) {
  FieldCourt court;
  court.buffered(1, 20);
  court.restored(kBuffer, 2, 0, 1);
  EXPECT_EQ(court.verdict(), "");
  court.restored(78, 2, 0, 1);
  EXPECT_EQ(court.sentence("readings-once"),
            "e1 goes on with stream 0 under another id, and its disk has kept all that it wrote");
}

// ---- instructions ------------------------------------------------------------------------------------

TEST(ExecutedOnce, AHarmedDiskMayHaveForgottenIt) {
  FieldCourt court;
  court.logged(1, 5, 70, 1, 4);
  court.executed(kE1, 70);
  court.forgets();
  court.executed(kE1, 70);
  EXPECT_EQ(court.verdict(), "");
  court.executed(kE1 + 1, 70);
  EXPECT_EQ(court.sentence("executed-once"), "e2 executed instruction 70 again, after e1");
}

TEST(ExecutedOnce, ASecondExecutionIsReportedAlsoInAnotherLife) {
  FieldCourt court;
  court.logged(1, 9, 4, 3, 7);
  court.executed(kE1, 4);
  EXPECT_EQ(court.verdict(), "");
  court.executed(kE1, 4);
  EXPECT_EQ(court.sentence("executed-once"), "e1 executed instruction 4 again, after e1");
}

TEST(ExecutedOnce, WhatIsNotInTheLogMustNotHappen) {
  FieldCourt court;
  court.executed(kE1, 4);
  EXPECT_EQ(court.sentence("executed-once"), "e1 executed instruction 4, which is not in the log");
}

TEST(InputsCommitted, InputsFromTheFutureAreReported) {
  FieldCourt court;
  court.logged(1, 9, 4, 3, 9);
  EXPECT_EQ(court.sentence("inputs-committed"),
            "instruction 4 at index 9 was decided from what stood at index 9");
}

TEST(InputsCommitted, AWindowThatIsDecidedTwiceIsReported) {
  FieldCourt court;
  court.logged(1, 9, 4, 3, 7);
  court.logged(2, 9, 4, 3, 7);
  EXPECT_EQ(court.verdict(), "");
  court.logged(1, 12, 5, 3, 7);
  EXPECT_EQ(court.sentence("inputs-committed"), "instructions 4 and 5 are both about window 3 of device 1");
}

// ---- packages ----------------------------------------------------------------------------------------

TEST(OneVersion, HubsThatDifferAtOneIndexAreReported) {
  FieldCourt court;
  court.active(1, 20, 1, 100);
  court.active(2, 20, 1, 100);
  court.active(1, 30, 2, 200);
  EXPECT_EQ(court.verdict(), "");
  court.active(2, 30, 1, 100);
  EXPECT_EQ(court.sentence("one-version"),
            "n2 made version 1 of kind 1 active at index 30; n1 made it version 2");
}

TEST(OneVersion, OtherBytesUnderOneVersionAreReported) {
  FieldCourt court;
  court.active(1, 20, 1, 100);
  court.active(2, 20, 1, 101);
  EXPECT_EQ(court.sentence("one-version"), "n2 has other bytes for version 1 of kind 1 than another hub");
}

TEST(OneVersion, ABadPackageIsReported) {
  FieldCourt court;
  court.active(3, 20, 9, 100);
  EXPECT_EQ(court.sentence("one-version"), "n3 made version 9 of kind 1 active, which is bad");
}

TEST(OneVersion, ADecisionWithAModelThatIsNotInForceIsReported) {
  FieldCourt court;
  court.active(1, 20, 2, 100);
  court.tell(1, {hub::kInstructionLogged, {30, 5, 1, 3, 19, 0}});
  court.tell(1, {hub::kInstructionLogged, {31, 6, 1, 4, 20, 2}});
  EXPECT_EQ(court.verdict(), "");
  court.tell(1, {hub::kInstructionLogged, {32, 7, 1, 5, 21, 3}});
  EXPECT_EQ(court.sentence("one-version"),
            "instruction 7 was decided with version 3 of the model; where its inputs were read, at index 21, "
            "it was "
            "version 2");
}

// ---- slots -------------------------------------------------------------------------------------------

TEST(SlotsWhole, AReaderOfTwoVersionsAtOnceIsReported) {
  FieldCourt court;
  court.tell(kE1, {edge::kSlotStaged, {0, 1, 40, 5}});
  court.tell(kE1, {edge::kSlotStaged, {1, 2, 41, 6}});
  court.tell(kE1, {edge::kSlotRead, {0, 1, 40, 5}});
  court.tell(kE1, {edge::kSlotRead, {1, 2, 41, 6}});
  EXPECT_EQ(court.verdict(), "");
  court.tell(kE1, {edge::kSlotRead, {1, 2, 40, 8}});
  EXPECT_EQ(court.sentence("slots-whole"), "e1 read 40 keys of version 2 in slot 1; it was staged with 41");
}

}  // namespace
}  // namespace lockstep::scenarios
