// The first words of a connection, and whom they turn away.
#include "net/handshake.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/net/neighbours.h"

namespace lockstep::net {
namespace {

TEST(Handshake, EveryMessageReadsBackAsItWasWritten) {
  Hello hello = hello_of(2, 1, PartyKind::kMember);
  hello.token = Bytes("tok\0en", 6);
  hello.boot = ~std::uint64_t{0};
  const Welcome welcome{.cluster = kCluster, .from = NodeId(3), .boot = 9};
  const Refusal refusal{.reason = "this is cluster 7, not cluster 8"};
  for (const HandshakeMessage& message :
       {HandshakeMessage(hello), HandshakeMessage(welcome), HandshakeMessage(refusal)}) {
    const auto read = decode_handshake(encode(message));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, message);
  }
}

TEST(Handshake, EveryShorterMessageAndEveryLongerOneIsCorrupt) {
  const Bytes whole = encode(HandshakeMessage(hello_of(2, 1, PartyKind::kMember)));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(decode_handshake(BytesView(whole).substr(0, size)).error().code, ErrorCode::kCorrupt) << size;
  EXPECT_EQ(decode_handshake(whole + "x").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(decode_handshake(Bytes(kMaxHandshakeBytes + 1, '\1')).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(decode_handshake(Bytes(1, '\4')).error().code, ErrorCode::kCorrupt);
}

TEST(Handshake, AnotherProtocolVersionIsRefusedByNumberWhateverFollows) {
  Hello hello = hello_of(2, 1, PartyKind::kMember);
  hello.protocol = 99;
  const auto read = decode_handshake(encode(HandshakeMessage(hello)).substr(0, 5));
  EXPECT_EQ(read.error().code, ErrorCode::kRefused);
  EXPECT_EQ(read.error().message, "expected protocol version 1, found 99");
}

TEST(Handshake, AStrangersTextIsShownWithoutItsControlCharacters) {
  EXPECT_EQ(printable("a\x1b[2J\nb\xff"), "a?[2J?b?");
  EXPECT_EQ(printable(std::string(1'000, 'x')).size(), 303u);
}

// Each hello is sent to a real node; the sentence comes back.
class Refusals : public testing::Test {
 protected:
  Refusals() {
    node_.options.peers = {{NodeId(2), {"127.0.0.1", 1}}, {NodeId(3), {"127.0.0.1", 1}}};
    node_.options.authenticate = [](const Hello& hello) -> Result<Access> {
      if (hello.token != "open sesame") return fail(ErrorCode::kRefused, "the token is not known");
      return Access{3};
    };
    node_.start(loop_);
    at_ = listen_for(loop_, node_);
  }

  std::string answer_to(const Bytes& first_bytes) {
    Stranger stranger(loop_, at_);
    stranger.listen_on();
    stranger.send(first_bytes);
    EXPECT_TRUE(loop_.run_until([&] { return stranger.answer().has_value(); }, kPatience));
    if (stranger.is_welcome()) return "welcome";
    const std::string reason = stranger.refusal();
    EXPECT_TRUE(node_.has_logged(cat(": ", reason))) << reason;
    return reason;
  }
  void serve_field() {
    node_.options.serves_field = true;
    node_.start(loop_);
    at_ = listen_for(loop_, node_);
  }
  std::string answer_to(const Hello& hello) { return answer_to(hello_frame(hello)); }

  EventLoop loop_;
  Neighbour node_{1, PartyKind::kMember};
  Endpoint at_;
};

TEST_F(Refusals, NameWhatIsWrong) {
  const Hello good = hello_of(2, 1, PartyKind::kMember);
  EXPECT_EQ(answer_to(good), "welcome");

  Hello other_cluster = good;
  other_cluster.cluster = ClusterId(8);
  EXPECT_EQ(answer_to(other_cluster), "this is cluster 7, not cluster 8");
  Hello other_node = good;
  other_node.to = NodeId(3);
  EXPECT_EQ(answer_to(other_node), "this is node n1, not n3");
  Hello own_id = good;
  own_id.from = NodeId(1);
  EXPECT_EQ(answer_to(own_id), "node id n1 is taken: it is mine");
  Hello non_member = good;
  non_member.from = NodeId(4);
  EXPECT_EQ(answer_to(non_member), "n4 is not a member of cluster 7");
  Hello other_sqlite = good;
  other_sqlite.from = NodeId(3);
  other_sqlite.identity = "sqlite\n2";
  EXPECT_EQ(answer_to(other_sqlite),
            "all members need the same SQLite: expected \"sqlite 1\", found \"sqlite?2\"");
  Hello other_protocol = good;
  other_protocol.protocol = 2;
  EXPECT_EQ(answer_to(other_protocol), "expected protocol version 1, found 2");
}

TEST_F(Refusals, ATakenIdStaysWithTheProcessThatIsConnected) {
  Stranger holder(loop_, at_);
  holder.listen_on();
  holder.send(hello_frame(hello_of(2, 1, PartyKind::kMember)));
  ASSERT_TRUE(loop_.run_until([&] { return holder.is_welcome(); }, kPatience));

  Hello second = hello_of(2, 1, PartyKind::kMember);
  second.boot = 77;
  const std::string holder_at = to_string(holder.socket().local_endpoint());
  EXPECT_EQ(answer_to(second), cat("node id n2 is taken by the process at ", holder_at));
  EXPECT_FALSE(holder.is_closed());

  // The same process may come again; then its earlier connection is over.
  Stranger again(loop_, at_);
  again.listen_on();
  again.send(hello_frame(hello_of(2, 1, PartyKind::kMember)));
  EXPECT_TRUE(loop_.run_until([&] { return again.is_welcome() && holder.is_closed(); }, kPatience));

  // And when it is gone, its place is free.
  again.socket().close();
  EXPECT_TRUE(loop_.run_until([&] { return node_.tcp->doorkeeper().connections() == 0; }, kPatience));
  EXPECT_EQ(answer_to(second), "welcome");
}

TEST_F(Refusals, AClientNeedsItsTokenAndMayLeaveOpenWhomItMeans) {
  Hello client = hello_of(900, 1, PartyKind::kClient);
  EXPECT_EQ(answer_to(client), "the token is not known");
  client.token = "open sesame";
  EXPECT_EQ(answer_to(client), "welcome");
  client.cluster = ClusterId();
  client.to = NodeId();
  client.identity = "whatever";
  EXPECT_EQ(answer_to(client), "welcome");
}

TEST_F(Refusals, OfTheFieldOnlyThoseWithANumberOfItsOwnComeInAndOnlyToAHub) {
  Hello edge = hello_of(10'001, 1, PartyKind::kField);
  edge.token = "open sesame";
  EXPECT_EQ(answer_to(edge), "node n1 has no hub: its configuration has no \"hub\" section");
  serve_field();
  EXPECT_EQ(answer_to(edge), "welcome");
  edge.from = NodeId(2);
  EXPECT_EQ(answer_to(edge), "expected the number of an edge or a cloud, above 10000, found 2");
  edge.from = NodeId(kEndOfFieldNumbers);
  EXPECT_EQ(answer_to(edge),
            cat("expected the number of an edge or a cloud, above 10000, found ", kEndOfFieldNumbers));
}

// One edge that is connected, and another process that bears its number.
class TwoEdges : public Refusals {
 protected:
  TwoEdges() {
    serve_field();
    first.token = "open sesame";
    holder.emplace(loop_, at_);
    holder->listen_on();
    holder->send(hello_frame(first));
    EXPECT_TRUE(loop_.run_until([&] { return holder->is_welcome(); }, kPatience));
    second = first;
    second.boot = 77;
  }
  Hello first = hello_of(10'001, 1, PartyKind::kField);
  Hello second;
  std::optional<Stranger> holder;
};

// Whose place it is, the actor knows; the transport keeps the first.
TEST_F(TwoEdges, ANumberThatIsForgottenIsFreeForAnother) {
  node_.tcp->forget(NodeId(10'001));
  EXPECT_TRUE(loop_.run_until([&] { return holder->is_closed(); }, kPatience));
  EXPECT_EQ(answer_to(second), "welcome");
}

TEST_F(TwoEdges, TheNumberStaysWithTheProcessThatIsConnected) {
  EXPECT_EQ(answer_to(second),
            cat("number 10001 is taken by the process at ", to_string(holder->socket().local_endpoint()),
                "; stop that one, or give this one another name"));
  Stranger again(loop_, at_);
  again.listen_on();
  again.send(hello_frame(first));
  EXPECT_TRUE(loop_.run_until([&] { return again.is_welcome() && holder->is_closed(); }, kPatience));
  EXPECT_EQ(node_.tcp->doorkeeper().clients(), 1u);
}

TEST_F(Refusals, SomethingElseThanAHelloIsToldWhatWasExpected) {
  EXPECT_EQ(answer_to(frame_of(2, 1, Channel::kRaft, "vote for me")), "expected a hello first");
  const Welcome welcome{.cluster = kCluster, .from = NodeId(2), .boot = 1};
  EXPECT_EQ(answer_to(frame_of(2, 1, Channel::kHandshake, encode(HandshakeMessage(welcome)))),
            "expected a hello first");
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\n\r\n"),
            "expected a payload of at most 67108864 bytes, the frame announces 542393671");
  EXPECT_EQ(answer_to(Bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)),
            "expected frames in the clear, found TLS");
  Bytes damaged = hello_frame(hello_of(2, 1, PartyKind::kMember));
  damaged.back() ^= 1;
  EXPECT_EQ(answer_to(damaged), "the checksum of the frame does not match its bytes");
  EXPECT_EQ(answer_to(frame_of(2, 1, Channel::kHandshake, Bytes(8'200, 'x'))),
            "expected a frame of at most 8192 bytes, it announces 8240");
}

// Closing over unread bytes resets the connection, and a reset destroys what is on its way.
TEST_F(Refusals, AreReadEvenByOneWhoTalksOn) {
  Stranger stranger(loop_, at_);
  stranger.send(frame_of(2, 1, Channel::kRaft, "not a hello") + Bytes(100'000, 'x'));
  loop_.run_until([&] { return node_.tcp->counters().refused == 1; }, kPatience);
  stranger.send(Bytes(100'000, 'y'));
  stranger.listen_on();
  EXPECT_TRUE(loop_.run_until([&] { return stranger.is_closed(); }, kPatience));
  EXPECT_EQ(stranger.refusal(), "expected a hello first");
  stranger.socket().close();
  EXPECT_TRUE(loop_.run_until([&] { return node_.tcp->doorkeeper().connections() == 0; }, kPatience));
}

}  // namespace
}  // namespace lockstep::net
