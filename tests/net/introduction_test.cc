// Whom a client finds at a list of addresses, and what it hears when a connection is lost.
#include "net/introduction.h"

#include <gtest/gtest.h>

#include "tests/net/neighbours.h"

namespace lockstep::net {
namespace {

// An address at which nobody listens any more.
Endpoint nobody(EventLoop& loop) {
  const auto acceptor = listen(loop.context(), {.host = "127.0.0.1", .port = 0});
  return {.host = "127.0.0.1", .port = acceptor->local_endpoint().port()};
}

TEST(Introduction, AsksAllAtOnceAndKeepsTheirOrder) {
  EventLoop loop;
  Neighbour one{1, PartyKind::kMember};
  Neighbour two{2, PartyKind::kMember};
  one.start(loop);
  two.start(loop);
  const Endpoint at_one = listen_for(loop, one);
  const Endpoint at_two = listen_for(loop, two);
  // Connections come in, but nobody speaks.
  const auto silent = *listen(loop.context(), {.host = "127.0.0.1", .port = 0});
  const Endpoint at_silent{.host = "127.0.0.1", .port = silent.local_endpoint().port()};

  const auto answers = ask_who(loop, {at_two, nobody(loop), at_silent, at_one}, "", nullptr,
                               {.at_most = kPatience, .with_the_others = 10ms});
  ASSERT_EQ(answers.size(), 4u);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->node, NodeId(2));
  EXPECT_EQ(answers[0]->cluster, kCluster);
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().message, "Connection refused");
  ASSERT_FALSE(answers[2]);
  EXPECT_EQ(answers[2].error().message, "no answer");
  ASSERT_TRUE(answers[3]);
  EXPECT_EQ(answers[3]->node, NodeId(1));
}

TEST(Introduction, ARefusalIsAnAnswer) {
  EventLoop loop;
  Neighbour strict{1, PartyKind::kMember};
  strict.options.authenticate = [](const Hello&) { return fail(ErrorCode::kRefused, "expected a token"); };
  strict.start(loop);
  const auto answers = ask_who(loop, {listen_for(loop, strict)}, "", nullptr, {.at_most = kPatience});
  ASSERT_FALSE(answers[0]);
  EXPECT_NE(answers[0].error().message.find("expected a token"), std::string::npos)
      << answers[0].error().message;
}

TEST(LostConnections, AreToldWithWhetherTheyHadBeenThere) {
  EventLoop loop;
  Neighbour member{1, PartyKind::kMember};
  member.start(loop);
  std::vector<bool> lost;  // was it connected?
  Neighbour client{900, PartyKind::kClient};
  client.options.peers = {{NodeId(1), listen_for(loop, member)}};
  client.options.on_lost = [&](NodeId peer, bool was_connected) {
    EXPECT_EQ(peer, NodeId(1));
    lost.push_back(was_connected);
  };
  client.start(loop);
  client.say(1, "hello", Channel::kRequest);
  ASSERT_TRUE(loop.run_until([&] { return member.has_heard("hello"); }, kPatience));
  EXPECT_TRUE(lost.empty());
  member.tcp.reset();
  ASSERT_TRUE(loop.run_until([&] { return lost.size() == 1; }, kPatience));
  EXPECT_TRUE(lost[0]);
  // Nobody listens any more; an attempt that comes too early for the dialler is not one.
  while (lost.size() < 2) {
    client.say(1, "are you there?", Channel::kRequest);
    loop.run_for(1ms);
  }
  EXPECT_FALSE(lost[1]);
}

}  // namespace
}  // namespace lockstep::net
