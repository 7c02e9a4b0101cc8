// Where a client asks next, told by the frames it sends.
#include "core/client/client.h"

#include <gtest/gtest.h>

#include <set>

namespace lockstep::client {
namespace {

using namespace std::chrono_literals;

class Asking {
 public:
  Asking() { client_.query(wire::Statement(), {}, now_, now_ + 10s); }

  // The node that is asked now; 0: none.
  std::uint64_t asked() {
    const auto out = client_.take_outgoing();
    return out.empty() ? 0 : out.back().to.value();
  }
  // Lets time pass until the client asks again, and says whom.
  std::uint64_t asked_later() {
    now_ = client_.deadline();
    client_.on_deadline(now_);
    return asked();
  }
  void answer(std::uint64_t from, wire::ReplyStatus status, std::uint64_t leader) {
    wire::Reply reply;
    reply.set_call(1);
    reply.set_status(status);
    reply.set_leader(leader);
    client_.on_reply(NodeId(from), reply.SerializeAsString(), now_);
  }

 private:
  Instant now_{};
  Client client_{{.nodes = {NodeId(1), NodeId(2), NodeId(3)}}, now_};
};

TEST(Client, FollowsAHintAtOnceHoweverOftenItHasTriedBefore) {
  Asking asking;
  std::uint64_t node = asking.asked();
  for (int attempt = 0; attempt < 5; ++attempt) {
    asking.answer(node, wire::NO_LEADER, 0);
    EXPECT_EQ(asking.asked(), 0u);
    node = asking.asked_later();
  }
  const std::uint64_t leader = node % 3 + 1;
  asking.answer(node, wire::NOT_LEADER, leader);
  EXPECT_EQ(asking.asked(), leader);
}

TEST(Client, MovesOnWhenCallsEndBeforeAnAttemptWould) {
  Instant now{};
  Client client({.nodes = {NodeId(1), NodeId(2), NodeId(3)}}, now);  // an attempt waits for a second
  std::set<std::uint64_t> asked;
  for (int call = 0; call < 3; ++call) {
    client.query(wire::Statement(), {}, now, now + 300ms);
    for (const auto& frame : client.take_outgoing()) asked.insert(frame.to.value());
    now += 300ms;
    client.on_deadline(now);
  }
  EXPECT_EQ(asked.size(), 3u) << "a node that does not answer is not asked again and again";
}

TEST(Client, WaitsBeforeItFollowsASecondHintInARow) {
  Asking asking;
  const std::uint64_t first = asking.asked();
  const std::uint64_t second = first % 3 + 1;
  asking.answer(first, wire::NOT_LEADER, second);
  EXPECT_EQ(asking.asked(), second);
  asking.answer(second, wire::NOT_LEADER, first);
  EXPECT_EQ(asking.asked(), 0u);
  EXPECT_EQ(asking.asked_later(), first);
}

// Answers whatever is asked next, however long that takes, and says whether anything was.
bool answer_next(Client& client, wire::ReplyStatus status, Instant& now) {
  auto out = client.take_outgoing();
  if (out.empty()) {
    now = client.deadline();
    client.on_deadline(now);
    out = client.take_outgoing();
  }
  for (const Outgoing& outgoing : out) {
    wire::Request request;
    EXPECT_TRUE(request.ParseFromArray(outgoing.payload.data(), static_cast<int>(outgoing.payload.size())));
    wire::Reply reply;
    reply.set_call(request.call());
    reply.set_status(status);
    reply.set_message("because");
    client.on_reply(outgoing.to, reply.SerializeAsString(), now);
  }
  return !out.empty();
}

TEST(Client, WritesEndWithTheReasonWhenNoSessionMayBeOpened) {
  Instant now{};
  Client client({.nodes = {NodeId(1), NodeId(2), NodeId(3)}}, now);
  for (int attempt = 0; attempt < 2; ++attempt) {  // the second write asks for a session again
    const CallId write = client.write({wire::Statement()}, {}, now, now + 10s);
    ASSERT_TRUE(answer_next(client, wire::FORBIDDEN, now));
    const auto completions = client.take_completions();
    ASSERT_EQ(completions.size(), 1u);
    EXPECT_EQ(completions[0].id, write);
    EXPECT_EQ(completions[0].conclusion, Conclusion::kFailed);
    EXPECT_EQ(completions[0].reply.status(), wire::FORBIDDEN);
    EXPECT_EQ(completions[0].reply.message(), "because");
  }
}

TEST(Client, AWriteThatWaitedForASessionInVainSaysWhy) {
  Instant now{};
  Client client({.nodes = {NodeId(1), NodeId(2), NodeId(3)}}, now);
  client.write({wire::Statement()}, {}, now, now + 1s);
  std::vector<Completion> completions;
  while (completions.empty()) {
    answer_next(client, wire::NO_LEADER, now);
    completions = client.take_completions();
  }
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions[0].conclusion, Conclusion::kFailed);
  EXPECT_EQ(completions[0].reply.status(), wire::NO_LEADER);
  EXPECT_EQ(completions[0].reply.message(), "because");
}

// ---- what a host tells ------------------------------------------------------------------------------------------

constexpr NodeId kOne{1}, kTwo{2}, kThree{3};

// Of the frames that wait to be sent: to whom the last one goes; none: none does.
NodeId asked_by(Client& client) {
  const auto out = client.take_outgoing();
  return out.empty() ? NodeId() : out.back().to;
}

class Unreachable : public testing::Test {
 protected:
  CallId query(ReadOptions options = {}) { return client_.query(wire::Statement(), options, now_, now_ + 10s); }
  void pass_time() {
    now_ = client_.deadline();
    client_.on_deadline(now_);
  }
  void answer(CallId call, NodeId from) {
    wire::Reply reply;
    reply.set_call(call.value());
    reply.set_status(wire::DONE);
    client_.on_reply(from, reply.SerializeAsString(), now_);
  }

  Instant now_{};
  Client client_{{.nodes = {kOne, kTwo, kThree}}, now_};
};

TEST_F(Unreachable, ANodeIsPassedOverAtOnceAndAskedLastFromThenOn) {
  const CallId first = query();
  const NodeId gone = asked_by(client_);
  client_.on_unreachable(gone, false, now_);
  const NodeId second = asked_by(client_);
  ASSERT_FALSE(second.is_none()) << "no time has passed";
  EXPECT_NE(second, gone);
  answer(first, second);
  for (int i = 0; i < 5; ++i) {
    const CallId next = query();
    const NodeId asked = asked_by(client_);
    EXPECT_NE(asked, gone);
    pass_time();  // silent: another one is asked, but not that
    pass_time();
    const NodeId other = asked_by(client_);
    EXPECT_NE(other, gone);
    EXPECT_NE(other, asked);
    answer(next, other);
  }
}

TEST_F(Unreachable, WhenAllAreTheyAreTriedAgainWithPauses) {
  query();
  std::set<NodeId> tried;
  for (int i = 0; i < 3; ++i) {
    const NodeId node = asked_by(client_);
    tried.insert(node);
    client_.on_unreachable(node, false, now_);
  }
  EXPECT_EQ(tried.size(), 3u);
  EXPECT_TRUE(asked_by(client_).is_none());
  pass_time();
  EXPECT_FALSE(asked_by(client_).is_none());
}

TEST_F(Unreachable, ACallToThatNodeAloneFailsBeforeItsDeadline) {
  const CallId call = query({.at = kTwo});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(asked_by(client_), kTwo);
    client_.on_unreachable(kTwo, false, now_);
    if (i < 2) pass_time();
  }
  const auto completions = client_.take_completions();
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions[0].id, call);
  EXPECT_EQ(completions[0].conclusion, Conclusion::kFailed);
  EXPECT_LT(now_, Instant{} + 1s);
}

// Opens the session and says where the write that waited for it has been sent.
NodeId send_write(Client& client, Instant now) {
  client.write({wire::Statement()}, {}, now, now + 10s);
  const auto opening = client.take_outgoing();
  EXPECT_EQ(opening.size(), 1u);
  wire::Request request;
  EXPECT_TRUE(request.ParseFromArray(opening[0].payload.data(), static_cast<int>(opening[0].payload.size())));
  wire::Reply reply;
  reply.set_call(request.call());
  reply.set_status(wire::DONE);
  reply.set_session(5);
  client.on_reply(opening[0].to, reply.SerializeAsString(), now);
  return asked_by(client);
}

TEST_F(Unreachable, AWriteIsUnknownOnlyIfItMayHaveArrived) {
  for (const bool may_have_arrived : {false, true}) {
    Client client({.nodes = {kOne}}, now_);
    const NodeId node = send_write(client, now_);
    ASSERT_EQ(node, kOne);
    client.on_unreachable(node, may_have_arrived, now_);
    client.give_up();
    const auto completions = client.take_completions();
    ASSERT_EQ(completions.size(), 1u);
    EXPECT_EQ(completions[0].conclusion, may_have_arrived ? Conclusion::kUnknown : Conclusion::kFailed);
  }
}

TEST_F(Unreachable, GivingUpIsHonest) {
  send_write(client_, now_);
  query();
  client_.give_up();
  const auto completions = client_.take_completions();
  ASSERT_EQ(completions.size(), 2u);
  EXPECT_EQ(completions[0].conclusion, Conclusion::kUnknown) << "it is under way";
  EXPECT_EQ(completions[1].conclusion, Conclusion::kFailed);
}

TEST(Client, ASlowReadIsAskedOfOthersTooAndTheFirstAnswerCounts) {
  Instant now{};
  Client client({.nodes = {kOne, kTwo, kThree}, .hedge_after = 200ms}, now);
  const CallId call = client.query(wire::Statement(), {}, now, now + 10s);
  const NodeId first = asked_by(client);
  NodeId second;
  while (second.is_none()) {
    now = client.deadline();
    client.on_deadline(now);
    second = asked_by(client);
  }
  EXPECT_NE(second, first);
  EXPECT_LT(now, Instant{} + 250ms);
  wire::Reply late;
  late.set_call(call.value());
  late.set_status(wire::DONE);
  client.on_reply(first, late.SerializeAsString(), now);
  const auto completions = client.take_completions();
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions[0].conclusion, Conclusion::kDone);
}

// So that a node ends what nobody waits for.
TEST(Client, AQuerySaysHowLongItIsWaitedForAndIsWithdrawnWhenItIsGivenUp) {
  Instant now{};
  Client client({.nodes = {NodeId(1)}}, now);
  const auto sent = [&client] {
    const auto out = client.take_outgoing();
    EXPECT_EQ(out.size(), 1u);
    wire::Request request;
    EXPECT_TRUE(out.empty() || request.ParseFromString(out.back().payload));
    return request;
  };
  const CallId id = client.query(wire::Statement(), {}, now, now + 2500ms);
  EXPECT_EQ(sent().query().timeout_ms(), 2500u);
  now = client.deadline();  // of the attempt
  client.on_deadline(now);
  now = client.deadline();  // of the pause after it
  client.on_deadline(now);
  const wire::Request again = sent();
  EXPECT_GT(again.query().timeout_ms(), 0u);
  EXPECT_LE(again.query().timeout_ms(), 1500u);
  client.give_up();
  EXPECT_EQ(sent().withdraw().call(), id.value());
  client.query(wire::Statement(), {}, now, now);
  EXPECT_EQ(sent().query().timeout_ms(), 1u) << "its time is over: not as long as the node likes";
}

}  // namespace
}  // namespace lockstep::client
