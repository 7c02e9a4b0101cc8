// Messages that cannot be true: the node that hears them drops them and goes on.
#include <gtest/gtest.h>

#include "tests/raft/host.h"

namespace lockstep::raft {
namespace {

constexpr NodeId kSelf{1}, kLeader{2}, kOther{3};

class Contradictions : public testing::Test {
 protected:
  Contradictions() { host_.start(now_, 1); }

  const Effects& hear(NodeId from, std::uint64_t term, AppendRequest request) {
    host_.outbox.clear();
    return host_.input(now_,
                       Message{.from = from, .to = kSelf, .term = Term(term), .body = std::move(request)});
  }
  void work() {
    while (host_.has_work()) host_.finish_work(now_);
    if (host_.has_to_apply()) host_.apply_all(now_);
  }
  static Entry entry(std::uint64_t index, std::uint64_t term) {
    return {
        .index = LogIndex(index), .term = Term(term), .kind = EntryKind::kCommand, .data = SharedBytes("x")};
  }

  Instant now_{std::chrono::seconds(1)};
  Host host_{Config{.self = kSelf, .voters = {kSelf, kLeader, kOther}, .seed = 1}};
};

TEST_F(Contradictions, ASecondLeaderOfATermIsNotBelieved) {
  hear(kLeader, 1, {.entries = {entry(1, 1)}});
  work();
  const Effects& effects = hear(kOther, 1, {.entries = {entry(1, 1), entry(2, 1)}});
  EXPECT_EQ(effects.contradicted_by, kOther);
  EXPECT_FALSE(effects.persist);
  EXPECT_TRUE(host_.outbox.empty());
  EXPECT_EQ(host_.core().view().leader, kLeader);
  EXPECT_EQ(host_.core().view().last, LogIndex(1));
  EXPECT_EQ(hear(kLeader, 1, {.previous_index = LogIndex(1), .previous_term = Term(1)}).contradicted_by,
            std::nullopt);
}

TEST_F(Contradictions, WhatIsCommittedIsNotReplaced) {
  hear(kLeader, 1, {.entries = {entry(1, 1), entry(2, 1)}, .commit = LogIndex(2)});
  work();
  ASSERT_EQ(host_.core().view().applied, LogIndex(2));
  EXPECT_EQ(hear(kOther, 2, {.entries = {entry(1, 2)}}).contradicted_by, kOther);
  EXPECT_EQ(hear(kOther, 2, {.previous_index = LogIndex(2), .previous_term = Term(2)}).contradicted_by,
            kOther);
  EXPECT_EQ(host_.core().view().last, LogIndex(2));
  // What agrees with it is taken from whoever leads.
  const Effects& effects =
      hear(kOther, 2, {.previous_index = LogIndex(2), .previous_term = Term(1), .entries = {entry(3, 2)}});
  EXPECT_EQ(effects.contradicted_by, std::nullopt);
  EXPECT_EQ(host_.core().view().last, LogIndex(3));
}

}  // namespace
}  // namespace lockstep::raft
