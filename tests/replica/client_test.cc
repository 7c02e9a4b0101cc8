// Stories about the client library without a cluster: attempts, redirects and honest conclusions.
#include <gtest/gtest.h>

#include "core/client/client.h"

namespace lockstep::tests {
namespace {

using client::Client;
using client::Conclusion;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr NodeId kOne{1}, kTwo{2}, kThree{3};

class ClientStory : public testing::Test {
 protected:
  Instant now_{seconds(10)};
  Client client_ = make(false);

  Client make(bool frames_may_repeat) {
    return Client({.nodes = {kOne, kTwo, kThree},
                   .attempt_timeout = milliseconds(100),
                   .seed = 1,
                   .frames_may_repeat = frames_may_repeat},
                  now_);
  }
  client::CallId write(Duration timeout = seconds(5)) {
    wire::Statement statement;
    statement.set_sql("INSERT");
    return client_.write({statement}, {}, now_, now_ + timeout);
  }
  struct Sent {
    NodeId to;
    wire::Request request;
  };
  std::vector<Sent> sent() {
    std::vector<Sent> all;
    for (const auto& out : client_.take_outgoing()) {
      all.push_back({out.to, {}});
      EXPECT_TRUE(all.back().request.ParseFromString(out.payload));
    }
    return all;
  }
  Sent only_sent() {
    const auto all = sent();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Sent{} : all.front();
  }
  void reply(const Sent& to, wire::Reply reply) {
    reply.set_call(to.request.call());
    client_.on_reply(to.to, reply.SerializeAsString(), now_);
  }
  void reply_status(const Sent& to, wire::ReplyStatus status, NodeId leader = {}) {
    wire::Reply answer;
    answer.set_status(status);
    answer.set_leader(leader.value());
    reply(to, answer);
  }
  void open_session(std::uint64_t session = 77) {
    const Sent open = only_sent();
    EXPECT_TRUE(open.request.has_open_session());
    wire::Reply answer;
    answer.set_status(wire::DONE);
    answer.set_session(session);
    reply(open, answer);
  }
  void executed(const Sent& to) {
    wire::Reply answer;
    answer.set_status(wire::DONE);
    answer.mutable_write()->set_kind(wire::WriteOutcome::EXECUTED);
    reply(to, answer);
  }
  void write_without_a_leader() {
    const Duration timeout = milliseconds(300);
    const Instant end = now_ + timeout;
    write(timeout);
    open_session();
    for (auto all = sent(); now_ < end; all = sent()) {
      for (const Sent& attempt : all) reply_status(attempt, wire::NO_LEADER);
      wait_until_deadline();
    }
  }
  void wait_until_deadline() {
    now_ = client_.deadline();
    client_.on_deadline(now_);
  }
  Conclusion only_conclusion() {
    const auto done = client_.take_completions();
    EXPECT_EQ(done.size(), 1u);
    return done.empty() ? Conclusion::kFailed : done.front().conclusion;
  }
};

TEST_F(ClientStory, AWriteOpensASessionFirst) {
  write();
  open_session();
  const Sent sent = only_sent();
  EXPECT_EQ(sent.request.write().write().session(), 77u);
  EXPECT_EQ(sent.request.write().write().sequence(), 1u);
  executed(sent);
  EXPECT_EQ(only_conclusion(), Conclusion::kDone);
}

TEST_F(ClientStory, ARedirectIsFollowedAtOnceWithTheSameSequence) {
  write();
  open_session();
  const Sent first = only_sent();
  const NodeId leader = first.to == kThree ? kTwo : kThree;
  reply_status(first, wire::NOT_LEADER, leader);
  const Sent second = only_sent();
  EXPECT_EQ(second.to, leader);
  EXPECT_EQ(second.request.write().write().sequence(), first.request.write().write().sequence());
}

TEST_F(ClientStory, WithoutALeaderItWaitsAndAsksAgain) {
  write();
  open_session();
  reply_status(only_sent(), wire::NO_LEADER);
  EXPECT_TRUE(sent().empty());
  wait_until_deadline();
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(ClientStory, RefusedUntilTheDeadlineMeansCertainlyNotExecuted) {
  write_without_a_leader();
  EXPECT_EQ(only_conclusion(), Conclusion::kFailed);
}

// The node answers the first copy, is elected and executes the second.
TEST_F(ClientStory, WhereFramesMayRepeatARefusalIsNoCertainty) {
  client_ = make(true);
  write_without_a_leader();
  EXPECT_EQ(only_conclusion(), Conclusion::kUnknown);
}

TEST_F(ClientStory, ARefusalByTheSessionIsCertainAlsoOfASecondCopy) {
  client_ = make(true);
  write();
  open_session();
  wire::Reply answer;
  answer.set_status(wire::DONE);
  answer.mutable_write()->set_kind(wire::WriteOutcome::SESSION_UNKNOWN);
  reply(only_sent(), answer);
  EXPECT_EQ(only_conclusion(), Conclusion::kFailed);
}

TEST_F(ClientStory, SilenceMeansUnknown) {
  write(milliseconds(350));
  open_session();
  while (now_ < Instant{seconds(10)} + milliseconds(350)) {
    sent();
    wait_until_deadline();
  }
  EXPECT_EQ(only_conclusion(), Conclusion::kUnknown);
}

TEST_F(ClientStory, AReadThatGotNoAnswerHadNoEffect) {
  client_.query({}, {}, now_, now_ + milliseconds(150));
  while (now_ < Instant{seconds(10)} + milliseconds(150)) {
    sent();
    wait_until_deadline();
  }
  EXPECT_EQ(only_conclusion(), Conclusion::kFailed);
}

TEST_F(ClientStory, AWriteThatMayHaveRunIsNotSentInAnotherSession) {
  write();
  open_session(77);
  const Sent first = only_sent();
  wait_until_deadline();  // no answer: it may have been executed
  wait_until_deadline();  // sent again
  const Sent again = only_sent();
  EXPECT_EQ(again.request.write().write().session(), 77u);
  wire::Reply answer;
  answer.set_status(wire::DONE);
  answer.mutable_write()->set_kind(wire::WriteOutcome::SESSION_UNKNOWN);
  reply(again, answer);
  EXPECT_EQ(only_conclusion(), Conclusion::kUnknown);
}

TEST_F(ClientStory, PipelinedWritesSayWhichAnswersAreStillMissing) {
  write();
  write();
  write();
  open_session();
  const auto all = sent();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].request.write().write().first_incomplete(), 1u);
  executed(all[0]);
  executed(all[2]);
  write();
  EXPECT_EQ(only_sent().request.write().write().first_incomplete(), 2u);
}

TEST_F(ClientStory, ALateAnswerOfAnEarlierAttemptCounts) {
  write();
  open_session();
  const Sent first = only_sent();
  wait_until_deadline();
  wait_until_deadline();
  EXPECT_EQ(sent().size(), 1u);
  executed(first);
  EXPECT_EQ(only_conclusion(), Conclusion::kDone);
}

TEST_F(ClientStory, RandomBytesAreIgnored) {
  write();
  Stream stream(1, Purpose{"test.bytes"}, 0);
  for (int round = 0; round < 1000; ++round) {
    Bytes bytes;
    for (std::uint64_t left = stream.next_below(40); left > 0; --left)
      bytes.push_back(static_cast<char>(stream.next_below(256)));
    client_.on_reply(kOne, bytes, now_);
  }
  EXPECT_TRUE(client_.take_completions().empty());
}

}  // namespace
}  // namespace lockstep::tests
