// The rules of the dissertation, by section.
#include "tests/raft/paper.h"

namespace lockstep::raft {
namespace {

using Thesis = Paper;

TEST_F(Thesis, s3_10_a_leader_that_gives_up_has_the_furthest_live_follower_stand) {
  start();
  become_leader();
  propose("x");
  finish_work();
  acknowledge(kOther, 1);
  acknowledge(kThird, 2);
  sent();
  step(StepDown{});
  EXPECT_EQ(view().role, Role::kFollower);
  const auto messages = sent();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].to, kThird);
  EXPECT_TRUE(std::holds_alternative<TimeoutNow>(messages[0].body));
}

TEST_F(Thesis, s3_10_who_is_silent_or_fenced_is_not_asked_to_stand) {
  start();
  become_leader();
  finish_work();
  acknowledge(kThird, 1);
  now_ += host_->config().election_timeout / 2;
  hear(kOther, 1, AppendResponse{.success = true, .fenced = true, .match = LogIndex(1)});
  now_ += host_->config().election_timeout / 2;
  sent();
  step(StepDown{});
  EXPECT_TRUE(sent_bodies<TimeoutNow>().empty());
}

TEST_F(Thesis, s3_10_who_is_told_by_its_leader_stands_at_once) {
  start({1}, 1);
  hear(kOther, 1, append(1, 1, {}));
  sent();
  hear(kOther, 1, TimeoutNow{});
  EXPECT_EQ(view().role, Role::kCandidate);
  EXPECT_EQ(view().term, Term(2));
  finish_work();
  const auto requests = sent_bodies<VoteRequest>();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_FALSE(requests[0].pre_vote);
  EXPECT_TRUE(requests[0].leader_gave_way);
}

TEST_F(Thesis, s3_10_nobody_but_the_own_leader_can_say_so) {
  start();
  hear(kOther, 2, append(0, 0, {}));
  hear(kOther, 1, TimeoutNow{});
  hear(kThird, 2, TimeoutNow{});
  EXPECT_EQ(view().role, Role::kFollower);
  EXPECT_EQ(view().term, Term(2));
}

TEST_F(Thesis, s3_10_a_live_leader_is_no_reason_to_refuse_whom_it_named) {
  start({1, 1}, 1);
  hear(kOther, 1, append(2, 1, {}));
  finish_work();
  sent();
  hear(kThird, 2, VoteRequest{.leader_gave_way = true, .last_index = LogIndex(1), .last_term = Term(1)});
  EXPECT_TRUE(view().vote.is_none()) << "the log is compared all the same";
  hear(kThird, 2, VoteRequest{.leader_gave_way = true, .last_index = LogIndex(2), .last_term = Term(1)});
  EXPECT_EQ(view().vote, kThird);
}

TEST_F(Thesis, s4_2_3_a_vote_is_ignored_while_a_leader_is_alive) {
  start();
  hear(kOther, 1, append(0, 0, {}));
  finish_work();
  sent();
  hear(kThird, 5, VoteRequest{});
  EXPECT_EQ(view().term, Term(1));
  EXPECT_TRUE(sent().empty());
  now_ += host_->config().election_timeout;
  hear(kThird, 5, VoteRequest{});
  EXPECT_EQ(view().vote, kThird);
}

TEST_F(Thesis, s6_2_a_leader_that_hears_from_no_quorum_steps_down_after_an_election_timeout) {
  start();
  become_leader();
  const Instant elected = now_;
  while (view().role == Role::kLeader) pass_deadline();
  EXPECT_EQ(now_ - elected, host_->config().election_timeout);
  EXPECT_EQ(view().term, Term(1));
  EXPECT_EQ(view().vote, kSelf);
}

TEST_F(Thesis, s6_4_a_read_needs_a_quorum_that_answers_after_it_came) {
  start();
  become_leader();
  finish_work();
  acknowledge(kOther, 1);
  EXPECT_TRUE(step(ReadRequest{ReadId(5)}).reads_ready.empty());
  EXPECT_TRUE(
      hear(kOther, 1, AppendResponse{.success = true, .match = LogIndex(1), .round = 0}).reads_ready.empty());
  const auto& ready =
      hear(kOther, 1, AppendResponse{.success = true, .match = LogIndex(1), .round = 1}).reads_ready;
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_EQ(ready[0].index, LogIndex(1));
}

TEST_F(Thesis, s9_6_a_pre_vote_changes_nothing_at_either_side) {
  start({1}, 1);
  hear(kOther, 2, VoteRequest{.pre_vote = true, .last_index = LogIndex(1), .last_term = Term(1)});
  EXPECT_EQ(view().term, Term(1));
  EXPECT_TRUE(view().vote.is_none());
  const auto answers = sent();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].term, Term(2));
  pass_deadline();
  EXPECT_EQ(view().role, Role::kPreCandidate);
  EXPECT_EQ(view().term, Term(1));
}

TEST_F(Thesis, s9_6_a_candidacy_follows_only_when_a_majority_would_vote) {
  start();
  pass_deadline();
  hear(kOther, 1, VoteResponse{.pre_vote = true, .granted = false});
  hear(kThird, 1, VoteResponse{.pre_vote = false, .granted = true});
  EXPECT_NE(view().role, Role::kCandidate);
}

}  // namespace
}  // namespace lockstep::raft
