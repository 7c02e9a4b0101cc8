// Where a client asks next, told by the frames it sends.
#include "core/client/client.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace lockstep::client
