// What a read of a table may show, linearizable or local.
#include "scenarios/contents_check.h"

#include <gtest/gtest.h>

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::History;
using reports::Outcome;
using reports::Value;

// Rows 1 and 2 are written as one batch and acknowledged, row 3 is refused; then somebody reads.
Outcome judge_read(const std::string& f, Value::Array found) {
  History history;
  const auto batch = history.invoke(0, "add", "t", Value::Array{1, 2}, 10);
  history.complete(batch, Completion::kOk, {}, 20);
  const auto refused = history.invoke(0, "add", "t", Value::Array{3}, 30);
  history.complete(refused, Completion::kFail, {}, 40);
  const auto read = history.invoke(1, f, "t", {}, 50);
  history.complete(read, Completion::kOk, std::move(found), 60);
  return check_reads(history, {"t"}).outcome;
}

TEST(CheckReads, ALinearizableReadHoldsWhatWasAcknowledged) {
  EXPECT_EQ(judge_read("read", {1, 2}), Outcome::kHolds);
  EXPECT_EQ(judge_read("read", {}), Outcome::kViolated);
}

TEST(CheckReads, ALocalReadMayBeOld) {
  EXPECT_EQ(judge_read("local-read", {1, 2}), Outcome::kHolds);
  EXPECT_EQ(judge_read("local-read", {}), Outcome::kHolds);
}

TEST(CheckReads, NoReadHoldsHalfABatchOrARefusedRowOrAnUnknownOne) {
  for (const char* f : {"read", "local-read"}) {
    EXPECT_EQ(judge_read(f, {1}), Outcome::kViolated) << f;
    EXPECT_EQ(judge_read(f, {1, 2, 3}), Outcome::kViolated) << f;
    EXPECT_EQ(judge_read(f, {1, 2, 4}), Outcome::kViolated) << f;
  }
}

}  // namespace
}  // namespace lockstep::scenarios
