// The rules of the paper, by section, and what is particular to this core.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/raft/text.h"
#include "tests/raft/paper.h"

namespace lockstep::raft {
namespace {

// ---- §5.1 terms ----

TEST_F(Paper, s5_1_a_follower_takes_over_a_later_term) {
  start();
  hear(kOther, 2, append(0, 0, {}));
  EXPECT_EQ(view().term, Term(2));
  EXPECT_EQ(view().role, Role::kFollower);
}

TEST_F(Paper, s5_1_a_candidate_that_sees_a_later_term_is_a_follower_again) {
  start();
  become_candidate();
  hear(kOther, 9, append(0, 0, {}));
  EXPECT_EQ(view().term, Term(9));
  EXPECT_EQ(view().role, Role::kFollower);
  EXPECT_TRUE(view().vote.is_none());
}

TEST_F(Paper, s5_1_a_leader_that_sees_a_later_term_is_a_follower_again) {
  start();
  become_leader();
  hear(kOther, 9, AppendResponse{.success = false});
  EXPECT_EQ(view().term, Term(9));
  EXPECT_EQ(view().role, Role::kFollower);
}

TEST_F(Paper, s5_1_an_append_of_an_older_term_changes_nothing_and_is_answered_with_the_later_term) {
  start({1}, 5);
  hear(kOther, 4, append(1, 1, {4}));
  EXPECT_EQ(view().last, LogIndex(1));
  const auto messages = sent();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].term, Term(5));
}

// ---- §5.2 elections ----

TEST_F(Paper, s5_2_a_node_starts_as_follower) {
  start();
  EXPECT_EQ(view().role, Role::kFollower);
}

TEST_F(Paper, s5_2_a_leader_sends_heartbeats_at_every_interval) {
  start();
  become_leader();
  sent();
  for (int beat = 0; beat < 3; ++beat) {
    const Instant before = now_;
    pass_deadline();
    EXPECT_EQ(now_ - before, host_->config().heartbeat_interval);
    const auto appends = sent_bodies<AppendRequest>();
    ASSERT_EQ(appends.size(), 2u);
    EXPECT_TRUE(appends[0].entries.empty());
    acknowledge(kOther, 0);
    sent();
  }
}

TEST_F(Paper, s5_2_a_candidacy_raises_the_term_votes_for_itself_and_asks_all) {
  start();
  become_candidate();
  EXPECT_EQ(view().role, Role::kCandidate);
  EXPECT_EQ(view().term, Term(1));
  EXPECT_EQ(view().vote, kSelf);
  const auto requests = sent_bodies<VoteRequest>();
  EXPECT_EQ(
      std::count_if(requests.begin(), requests.end(), [](const auto& request) { return !request.pre_vote; }),
      2);
}

TEST_F(Paper, s5_2_a_majority_of_votes_elects_and_fewer_do_not) {
  start();
  become_candidate();
  hear(kThird, 1, VoteResponse{.pre_vote = false, .granted = false});
  EXPECT_EQ(view().role, Role::kCandidate);
  hear(kOther, 1, VoteResponse{.pre_vote = false, .granted = true});
  EXPECT_EQ(view().role, Role::kLeader);
}

TEST_F(Paper, s5_2_votes_of_an_earlier_term_do_not_count) {
  start();
  become_candidate();
  become_candidate();
  EXPECT_EQ(view().term, Term(2));
  hear(kOther, 1, VoteResponse{.pre_vote = false, .granted = true});
  EXPECT_EQ(view().role, Role::kCandidate);
}

TEST_F(Paper, s5_2_a_vote_goes_to_the_first_who_asks) {
  start();
  hear(kOther, 1, VoteRequest{});
  hear(kThird, 1, VoteRequest{});
  finish_work();
  const auto answers = sent();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(std::get<VoteResponse>(answers[0].body).granted);
  EXPECT_FALSE(std::get<VoteResponse>(answers[1].body).granted);
}

TEST_F(Paper, s5_2_a_candidate_follows_a_leader_of_its_term) {
  start();
  become_candidate();
  hear(kOther, 1, append(0, 0, {1}));
  EXPECT_EQ(view().role, Role::kFollower);
  EXPECT_EQ(view().leader, kOther);
  EXPECT_EQ(view().vote, kSelf) << "the vote of the term stays given";
}

TEST_F(Paper, s5_2_election_timeouts_spread_over_the_interval) {
  start();
  std::set<Duration> waits;
  for (int at = 0; at < 100; ++at) {
    hear(kOther, 1, append(0, 0, {}));
    const Duration wait = host_->core().deadline() - now_;
    EXPECT_GE(wait, host_->config().election_timeout);
    EXPECT_LT(wait, 2 * host_->config().election_timeout);
    waits.insert(wait);
  }
  EXPECT_GT(waits.size(), 90u);
  EXPECT_LT(*waits.begin(), host_->config().election_timeout * 11 / 10);
  EXPECT_GT(*waits.rbegin(), host_->config().election_timeout * 19 / 10);
}

// ---- §5.3 replication ----

TEST_F(Paper, s5_3_a_proposal_is_appended_and_sent_with_the_entry_before_it) {
  start();
  become_leader();
  finish_work();
  acknowledge(kOther, 1);
  sent();
  propose("x");
  const auto appends = sent_bodies<AppendRequest>();
  ASSERT_EQ(appends.size(), 1u) << "node 3 is still being probed";
  EXPECT_EQ(appends[0].previous_index, LogIndex(1));
  EXPECT_EQ(appends[0].previous_term, Term(1));
  ASSERT_EQ(appends[0].entries.size(), 1u);
  EXPECT_EQ(appends[0].entries[0].data.view(), "x");
}

TEST_F(Paper, s5_3_a_majority_commits_and_the_index_goes_out) {
  start();
  become_leader();
  finish_work();
  EXPECT_EQ(view().commit, LogIndex(0));
  sent();
  acknowledge(kOther, 1);
  EXPECT_EQ(view().commit, LogIndex(1));
  const auto appends = sent_bodies<AppendRequest>();
  ASSERT_EQ(appends.size(), 1u);
  EXPECT_EQ(appends[0].commit, LogIndex(1));
}

TEST_F(Paper, s5_3_committing_commits_all_that_precedes) {
  start({1, 2}, 2);
  become_leader();
  finish_work();
  acknowledge(kOther, 3);
  EXPECT_EQ(view().commit, LogIndex(3));
}

TEST_F(Paper, s5_3_a_follower_applies_what_the_leader_committed_once_it_is_durable) {
  start();
  hear(kOther, 1, append(0, 0, {1, 1}, 1));
  EXPECT_EQ(view().commit, LogIndex(1));
  EXPECT_EQ(view().given, LogIndex(0));
  finish_work();
  EXPECT_EQ(view().given, LogIndex(1));
}

struct Check {
  std::uint64_t index;
  std::uint64_t term;
  bool accepted;
};

TEST_F(Paper, s5_3_the_previous_entry_must_match) {
  for (const Check& check :
       {Check{0, 0, true}, {1, 1, true}, {2, 2, true}, {1, 2, false}, {2, 3, false}, {3, 3, false}}) {
    start({1, 2}, 2);
    hear(kOther, 3, append(check.index, check.term, {}));
    finish_work();
    const auto answers = sent_bodies<AppendResponse>();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].success, check.accepted) << check.index << "/" << check.term;
  }
}

struct Conflict {
  std::uint64_t previous;
  std::uint64_t previous_term;
  std::vector<std::uint64_t> sent;
  std::vector<std::uint64_t> log;
};

TEST_F(Paper, s5_3_a_conflict_cuts_the_log_and_a_prefix_does_not) {
  const std::vector<Conflict> conflicts = {{2, 2, {3}, {1, 2, 3}},       {1, 1, {3, 4}, {1, 3, 4}},
                                           {0, 0, {1}, {1, 2}},          {0, 0, {3}, {3}},
                                           {0, 0, {1, 2, 3}, {1, 2, 3}}, {1, 1, {}, {1, 2}}};
  for (const Conflict& conflict : conflicts) {
    start({1, 2}, 2);
    hear(kOther, 4, append(conflict.previous, conflict.previous_term, conflict.sent));
    finish_work();
    EXPECT_EQ(log_terms(), conflict.log);
  }
}

TEST_F(Paper, s5_3_an_acknowledgement_leaves_when_the_entries_are_durable) {
  start();
  hear(kOther, 1, append(0, 0, {1}));
  EXPECT_TRUE(sent().empty());
  finish_work();
  const auto answers = sent_bodies<AppendResponse>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].match, LogIndex(1));
}

// ---- §5.4.1 election restriction ----

struct Standing {
  std::vector<std::uint64_t> log;
  std::uint64_t index;
  std::uint64_t term;
  bool granted;
};

TEST_F(Paper, s5_4_1_a_vote_needs_a_log_at_least_as_up_to_date) {
  const std::vector<Standing> standings = {{{1}, 1, 1, true},  {{1}, 2, 1, true},    {{1, 1}, 1, 1, false},
                                           {{1}, 1, 2, true},  {{1, 1}, 1, 2, true}, {{1}, 2, 2, true},
                                           {{2}, 1, 1, false}, {{2}, 9, 1, false},   {{1, 2}, 1, 1, false}};
  for (const Standing& standing : standings) {
    start(standing.log, 2);
    hear(kOther, 3, VoteRequest{.last_index = LogIndex(standing.index), .last_term = Term(standing.term)});
    finish_work();
    const auto answers = sent_bodies<VoteResponse>();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].granted, standing.granted) << standing.index << "/" << standing.term;
  }
}

TEST_F(Paper, s5_4_1_a_request_tells_the_end_of_the_log) {
  start({1, 2}, 2);
  become_candidate();
  for (const VoteRequest& request : sent_bodies<VoteRequest>()) {
    EXPECT_EQ(request.last_index, LogIndex(2));
    EXPECT_EQ(request.last_term, Term(2));
  }
}

// ---- §5.4.2 entries of earlier terms ----

TEST_F(Paper, s5_4_2_only_entries_of_the_own_term_are_committed_by_counting) {
  start({1, 2}, 2);
  become_leader();
  finish_work();
  acknowledge(kOther, 1);
  EXPECT_EQ(view().commit, LogIndex(0));
  acknowledge(kOther, 2);
  EXPECT_EQ(view().commit, LogIndex(0));
  acknowledge(kOther, 3);
  EXPECT_EQ(view().commit, LogIndex(3));
}

// ---- the shape of the core ----

TEST_F(Paper, a_deadline_input_that_is_not_due_changes_nothing) {
  start();
  become_leader();
  finish_work();
  const View before = view();
  const Instant due = host_->core().deadline();
  const Effects& effects = step(DeadlineReached{});
  EXPECT_EQ(to_text(effects), "");
  EXPECT_EQ(to_text(view()), to_text(before));
  EXPECT_EQ(host_->core().deadline(), due);
}

TEST_F(Paper, copies_with_equal_inputs_have_equal_effects) {
  start({1, 2}, 2);
  Core copy = host_->core();
  Effects own;
  Effects other;
  for (int at = 0; at < 20; ++at) {
    now_ = std::max(now_, copy.deadline());
    const Input input{now_, DeadlineReached{}};
    host_->core().step(input, own);
    copy.step(input, other);
    EXPECT_EQ(to_text(own), to_text(other));
    EXPECT_EQ(host_->core().deadline(), copy.deadline());
  }
}

TEST_F(Paper, messages_for_others_from_strangers_or_at_odds_with_themselves_are_dropped) {
  start();
  step(Message{NodeId(9), kSelf, Term(5), append(0, 0, {5})});
  step(Message{kOther, kThird, Term(5), append(0, 0, {5})});
  AppendRequest gap = append(0, 0, {5, 5});
  gap.entries[1].index = LogIndex(7);
  hear(kOther, 5, gap);
  hear(kOther, 5, append(0, 0, {5, 4}));
  hear(kOther, 5, append(0, 0, {6}));
  EXPECT_EQ(view().term, Term(0));
  EXPECT_EQ(view().last, LogIndex(0));
}

}  // namespace
}  // namespace lockstep::raft
