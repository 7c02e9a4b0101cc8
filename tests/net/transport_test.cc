// Members and clients over real sockets: who hears whom, who is dropped, and who comes back.
#include <gtest/gtest.h>

#include "tests/net/neighbours.h"

namespace lockstep::net {
namespace {

class Transports : public testing::Test {
 protected:
  // Two members that know each other.
  void start_members() {
    first_.start(loop_);
    second_.start(loop_);
    first_at_ = listen_for(loop_, first_);
    second_at_ = listen_for(loop_, second_);
    first_.options.peers = {{NodeId(2), second_at_}};
    second_.options.peers = {{NodeId(1), first_at_}};
    restart(first_, first_at_);
    restart(second_, second_at_);
  }
  void restart(Neighbour& member, const Endpoint& at) {
    member.start(loop_);
    ASSERT_EQ(listen_for(loop_, member, at), at);
  }
  Neighbour client(std::uint64_t id) {
    Neighbour out(id, PartyKind::kClient);
    out.options.peers = {{NodeId(1), first_at_}};
    return out;
  }
  // Looks every millisecond, too: some conditions try something.
  bool until(const std::function<bool()>& condition) {
    return loop_.run_until(
        [&] {
          if (condition()) return true;
          loop_.after(1ms, [] {});
          return false;
        },
        kPatience);
  }

  EventLoop loop_;
  Neighbour first_{1, PartyKind::kMember};
  Neighbour second_{2, PartyKind::kMember};
  Endpoint first_at_, second_at_;
};

TEST_F(Transports, MembersHearEachOtherInOrderFromTheFirstFrameOn) {
  start_members();
  for (int i = 0; i < 1'000; ++i) first_.tcp->send(NodeId(2), Channel::kRaft, cat("frame ", i));
  first_.tcp->flush();
  second_.say(1, "back");
  EXPECT_TRUE(until([&] { return second_.heard.size() == 1'000 && first_.has_heard("back"); }));
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(second_.heard[i].payload, cat("frame ", i));
  EXPECT_EQ(second_.heard[0].from.id, NodeId(1));
  EXPECT_TRUE(second_.heard[0].from.is_member);
  EXPECT_EQ(first_.trouble_with(2), "");
}

TEST_F(Transports, AMemberThatWasAwayIsDialledAgainAndDialsBackAtOnce) {
  start_members();
  first_.say(2, "before");
  ASSERT_TRUE(until([&] { return second_.has_heard("before"); }));
  second_.tcp.reset();
  ASSERT_TRUE(until([&] {
    first_.say(2, "nobody there");
    return first_.trouble_with(2).contains("Connection refused");
  }));
  EXPECT_TRUE(first_.trouble_with(2).starts_with(cat("n2 at ", to_string(second_at_), ": ")));

  // Its patience would end in an hour; the arrival of the peer ends it now.
  first_.options.limits.redial_min = first_.options.limits.redial_max = 1h;
  restart(first_, first_at_);
  first_.say(2, "nobody there");
  ASSERT_TRUE(until([&] { return !first_.trouble_with(2).empty(); }));
  second_.options.boot = 22;
  restart(second_, second_at_);
  second_.say(1, "here I am");
  EXPECT_TRUE(until([&] { return first_.tcp->dialler().connected().contains(NodeId(2)); }));
  first_.say(2, "after");
  EXPECT_TRUE(until([&] { return second_.has_heard("after"); }));
  EXPECT_FALSE(second_.has_heard("nobody there"));
}

TEST_F(Transports, ARefusalIsVisibleWhereOneWouldLook) {
  start_members();
  second_.options.identity = "another sqlite";
  restart(second_, second_at_);
  second_.say(1, "hello");
  EXPECT_TRUE(until([&] { return !second_.trouble_with(1).empty(); }));
  const std::string sentence =
      cat("n1 at ", to_string(first_at_),
          ": refused: all members need the same SQLite: expected \"sqlite 1\", found "
          "\"another sqlite\"");
  EXPECT_EQ(second_.trouble_with(1), sentence);
  EXPECT_TRUE(second_.has_logged(sentence));
  EXPECT_EQ(second_.tcp->dialler().trouble_with(NodeId(5)), "n5 is not known");
}

TEST_F(Transports, ADialledProcessThatSaysNothingIsGivenUp) {
  EventLoop& loop = loop_;
  auto silent = listen(loop.context(), {.host = "127.0.0.1"});
  const Endpoint at{.host = "127.0.0.1", .port = silent->local_endpoint().port()};
  first_.options.peers = {{NodeId(2), at}};
  first_.options.limits.handshake_timeout = 20ms;
  first_.start(loop);
  first_.say(2, "anybody?");
  EXPECT_TRUE(until([&] { return first_.trouble_with(2).ends_with(": no answer"); }));
  EXPECT_EQ(first_.tcp->counters().frames_lost, 1u);
}

TEST_F(Transports, WhoeverDialsAndSaysNothingIsClosed) {
  first_.options.limits.handshake_timeout = 20ms;
  first_.start(loop_);
  first_at_ = listen_for(loop_, first_);
  Stranger silent(loop_, first_at_), half(loop_, first_at_);
  silent.listen_on();
  half.listen_on();
  half.send(hello_frame(hello_of(2, 1, PartyKind::kMember)).substr(0, 30));
  EXPECT_TRUE(until([&] { return silent.is_closed() && half.is_closed(); }));
  EXPECT_EQ(first_.tcp->doorkeeper().connections(), 0u);
}

TEST_F(Transports, EachClientHearsItsOwnRepliesWhateverItCallsItself) {
  start_members();
  Neighbour one = client(2), other = client(2);  // both call themselves like the member n2
  one.start(loop_);
  other.options.boot = 99;
  other.start(loop_);
  one.say(1, "from one", Channel::kRequest);
  other.say(1, "from other", Channel::kRequest);
  second_.say(1, "from the member");
  ASSERT_TRUE(until([&] { return first_.heard.size() == 3; }));
  std::map<Bytes, Party> senders;
  for (const Heard& heard : first_.heard) senders[heard.payload] = heard.from;
  const Party a = senders["from one"], b = senders["from other"];
  EXPECT_FALSE(a.is_member);
  EXPECT_NE(a.id, b.id);
  EXPECT_NE(a.id, NodeId(2));
  EXPECT_EQ(a.name, NodeId(2));
  EXPECT_TRUE(senders["from the member"].is_member);
  EXPECT_EQ(first_.tcp->doorkeeper().name_of(a.id), NodeId(2));

  first_.say(a.id.value(), "to one", Channel::kReply);
  first_.say(b.id.value(), "to other", Channel::kReply);
  EXPECT_TRUE(until([&] { return one.has_heard("to one") && other.has_heard("to other"); }));
  EXPECT_EQ(one.heard.size(), 1u);
  EXPECT_EQ(other.heard.size(), 1u);
  EXPECT_TRUE(second_.heard.empty());
}

TEST_F(Transports, AClientIsHeardOnTheRequestChannelOnlyAndInItsOwnNameOnly) {
  start_members();
  Stranger stranger(loop_, first_at_);
  stranger.listen_on();
  stranger.send(
      hello_frame(hello_of(900, 1, PartyKind::kClient)) + frame_of(900, 1, Channel::kRaft, "consensus") +
      frame_of(900, 1, Channel::kReply, "reply") +
      frame_of(900, 1, Channel::kHandshake, encode(HandshakeMessage(hello_of(2, 1, PartyKind::kMember)))) +
      frame_of(2, 1, Channel::kRequest, "in another's name") +
      frame_of(900, 3, Channel::kRequest, "to another") + frame_of(900, 1, Channel::kRequest, "a request"));
  ASSERT_TRUE(until([&] { return !first_.heard.empty(); }));
  EXPECT_EQ(first_.heard.size(), 1u);
  EXPECT_EQ(first_.heard[0].payload, "a request");
  EXPECT_FALSE(first_.heard[0].from.is_member);
}

TEST_F(Transports, TheFieldIsKnownByItsOwnNumberOverConnections) {
  first_.options.serves_field = true;
  start_members();
  Neighbour edge(10'001, PartyKind::kField);
  edge.options.peers = {{NodeId(1), first_at_}};
  edge.start(loop_);
  edge.say(1, "readings", Channel::kField);
  edge.say(1, "a request", Channel::kRequest);
  edge.say(1, "consensus", Channel::kRaft);
  edge.say(1, "more readings", Channel::kField);
  ASSERT_TRUE(until([&] { return first_.has_heard("more readings"); }));
  EXPECT_EQ(first_.heard.size(), 2u) << "it speaks to the hub only";
  EXPECT_EQ(first_.heard[0].from.id, NodeId(10'001));
  EXPECT_FALSE(first_.heard[0].from.is_member);
  first_.say(10'001, "an instruction", Channel::kField);
  ASSERT_TRUE(until([&] { return edge.has_heard("an instruction"); }));
  ++edge.options.boot;
  edge.start(loop_);  // another life
  edge.say(1, "again", Channel::kField);
  ASSERT_TRUE(until([&] {
    edge.say(1, "again", Channel::kField);
    return first_.has_heard("again");
  }));
  first_.say(10'001, "to the new one", Channel::kField);
  EXPECT_TRUE(until([&] { return edge.has_heard("to the new one"); }));
  EXPECT_EQ(first_.tcp->doorkeeper().clients(), 1u);
}

TEST_F(Transports, AClientThatDoesNotReadIsDroppedAndNobodyElse) {
  first_.options.limits.max_queued_bytes = 1 << 20;
  start_members();
  Stranger slow(loop_, first_at_);
  slow.send(hello_frame(hello_of(900, 1, PartyKind::kClient)) + frame_of(900, 1, Channel::kRequest, "much"));
  Neighbour quick = client(901);
  quick.start(loop_);
  quick.say(1, "little", Channel::kRequest);
  ASSERT_TRUE(until([&] { return first_.heard.size() == 2; }));
  NodeId slow_id, quick_id;
  for (const Heard& heard : first_.heard) (heard.payload == "much" ? slow_id : quick_id) = heard.from.id;
  EXPECT_TRUE(until([&] {
    first_.say(slow_id.value(), Bytes(100'000, 'x'), Channel::kReply);
    return first_.tcp->doorkeeper().clients() == 1;
  }));
  EXPECT_TRUE(first_.has_logged("it does not read its answers"));
  EXPECT_LT(first_.tcp->doorkeeper().pool()->used(), 4u << 20);
  first_.say(quick_id.value(), "still here", Channel::kReply);
  EXPECT_TRUE(until([&] { return quick.has_heard("still here"); }));
}

TEST_F(Transports, ALargeRequestIsRefusedByNameAndTheClientSeesIt) {
  first_.options.limits.max_request_bytes = 1'000;
  start_members();
  Neighbour sender = client(900);
  sender.start(loop_);
  sender.say(1, "small", Channel::kRequest);
  ASSERT_TRUE(until([&] { return first_.has_heard("small"); }));
  sender.say(1, Bytes(5'000, 'x'), Channel::kRequest);
  EXPECT_TRUE(until([&] { return !sender.trouble_with(1).empty(); }));
  EXPECT_TRUE(
      sender.trouble_with(1).ends_with("refused: expected a frame of at most 1040 bytes, it announces 5040"))
      << sender.trouble_with(1);
}

TEST_F(Transports, BuffersOfAllClientsTogetherAreBoundedAndTheGreediestPays) {
  first_.options.limits.max_buffered_bytes = 1 << 20;
  start_members();
  Neighbour modest = client(901);
  modest.start(loop_);
  modest.say(1, "modest", Channel::kRequest);
  ASSERT_TRUE(until([&] { return first_.has_heard("modest"); }));
  std::vector<std::unique_ptr<Stranger>> greedy;
  for (std::uint64_t i = 0; i < 20; ++i) {
    greedy.push_back(std::make_unique<Stranger>(loop_, first_at_));
    greedy.back()->listen_on();
    const Bytes half = frame_of(950 + i, 1, Channel::kRequest, Bytes(10 << 20, 'x')).substr(0, 200'000);
    greedy.back()->send(hello_frame(hello_of(950 + i, 1, PartyKind::kClient)) + half);
  }
  EXPECT_TRUE(until([&] { return first_.has_logged("are most of all"); }));
  const auto was_told = [](const auto& one) { return one->received().contains("are most of all"); };
  EXPECT_TRUE(until([&] { return std::any_of(greedy.begin(), greedy.end(), was_told); }));
  EXPECT_TRUE(until([&] { return first_.tcp->doorkeeper().pool()->used() <= 1 << 20; }));
  modest.say(1, "still here", Channel::kRequest);
  EXPECT_TRUE(until([&] { return first_.has_heard("still here"); }));
}

TEST_F(Transports, StrangersCannotKeepAMemberOut) {
  first_.options.limits.max_connections = 2;
  start_members();
  std::vector<std::unique_ptr<Stranger>> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(std::make_unique<Stranger>(loop_, first_at_));
  second_.say(1, "let me in");
  EXPECT_TRUE(until([&] { return first_.has_heard("let me in"); }));
  EXPECT_LE(first_.tcp->doorkeeper().connections(), 66u);

  Neighbour a = client(901), b = client(902), c = client(903);
  for (Neighbour* one : {&a, &b}) {
    one->start(loop_);
    one->say(1, cat("from ", one->place.self), Channel::kRequest);
    ASSERT_TRUE(until([&] { return first_.has_heard(cat("from ", one->place.self)); }));
  }
  c.start(loop_);
  c.say(1, "from 903", Channel::kRequest);
  EXPECT_TRUE(
      until([&] { return c.trouble_with(1).ends_with("refused: all 2 places for clients are taken"); }));
}

TEST_F(Transports, ATransportMayEndWithEverythingUnderWay) {
  start_members();
  Neighbour visitor = client(900);
  visitor.start(loop_);
  visitor.say(1, "request", Channel::kRequest);
  first_.say(2, "one");
  second_.tcp->send(NodeId(1), Channel::kRaft, Bytes(1 << 20, 'x'));
  first_.tcp.reset();
  loop_.run_for(5ms);
  restart(first_, first_at_);
  first_.say(2, "two");
  ASSERT_TRUE(until([&] { return second_.has_heard("two"); }));
  first_.say(2, Bytes(1 << 20, 'y'));
  second_.tcp.reset();
  first_.tcp.reset();
  visitor.tcp.reset();
  const std::size_t heard = first_.heard.size() + second_.heard.size();
  loop_.run_for(5ms);
  EXPECT_EQ(first_.heard.size() + second_.heard.size(), heard);
}

}  // namespace
}  // namespace lockstep::net
