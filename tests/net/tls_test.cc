// Who may talk to whom when connections are encrypted, and how one is told that it may not.
#include "net/tls.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/net/certificates.h"
#include "tests/net/neighbours.h"
#include "tests/temporary_directory.h"

namespace lockstep::net {
namespace {

class Tls : public testing::Test {
 protected:
  TlsFiles files(const Issued& shown) const {
    return {.authority = members_.path(),
            .certificate = shown.certificate,
            .key = shown.key,
            .client_authority = clients_.path()};
  }
  std::unique_ptr<TlsSecurity> security(const TlsFiles& of, bool clients_need_certificates = true) {
    auto made = TlsSecurity::create(
        of, {.clients_need_certificates = clients_need_certificates, .handshake_timeout = patience_});
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }
  // n1 listens, and knows that n2 may come.
  void start_node(Security* with) {
    node_.options.peers = {{NodeId(2), {"127.0.0.2", 1}}};
    node_.options.security = with;
    node_.start(loop_);
    at_ = listen_for(loop_, node_);
  }
  // Dials n1; returns its trouble, empty if n1 has heard it.
  std::string dial(Neighbour& from, Security* with) {
    from.options.peers = {{NodeId(1), at_}};
    from.options.security = with;
    from.start(loop_);
    const Channel channel = from.options.kind == PartyKind::kMember ? Channel::kRaft : Channel::kRequest;
    from.say(1, "hello", channel);
    EXPECT_TRUE(until([&] { return node_.has_heard("hello") || !from.trouble_with(1).empty(); }));
    const std::string before = cat("n1 at ", to_string(at_), ": ");
    const std::string trouble = from.trouble_with(1);
    return trouble.starts_with(before) ? trouble.substr(before.size()) : trouble;
  }
  bool until(const std::function<bool()>& condition) { return loop_.run_until(condition, kPatience); }

  tests::TemporaryDirectory scratch_;
  EventLoop loop_;
  Authority members_{scratch_.path(), "members"};
  Authority clients_{scratch_.path(), "clients"};
  Authority others_{scratch_.path(), "others"};
  Issued n1_ = members_.issue("first", "DNS:n1");
  Issued n2_ = members_.issue("second", "DNS:n2");
  Issued client_ = clients_.issue("client", "");
  Duration patience_ = 10s;
  Neighbour node_{1, PartyKind::kMember};
  Neighbour member_{2, PartyKind::kMember};
  Neighbour visitor_{900, PartyKind::kClient};
  Endpoint at_;
};

TEST_F(Tls, MembersAndClientsTalkBothWays) {
  const auto first = security(files(n1_)), second = security(files(n2_)), third = security(files(client_));
  start_node(first.get());
  EXPECT_EQ(dial(member_, second.get()), "");
  node_.heard.clear();
  EXPECT_EQ(dial(visitor_, third.get()), "");
  ASSERT_EQ(node_.heard.size(), 1u);
  const Bytes large(3 << 20, 'x');
  node_.say(node_.heard[0].from.id.value(), large, Channel::kReply);
  EXPECT_TRUE(until([&] { return visitor_.has_heard(large); }));
}

TEST_F(Tls, AMemberProvesItsIdOrItsHost) {
  const auto first = security(files(n1_));
  start_node(first.get());
  const auto by_host = security(files(members_.issue("by_host", "IP:127.0.0.2")));
  EXPECT_EQ(dial(member_, by_host.get()), "");
  node_.heard.clear();
  const auto another = security(files(members_.issue("another", "DNS:n3,DNS:*")));
  EXPECT_EQ(dial(member_, another.get()),
            "refused: expected a certificate that names n2 or 127.0.0.2, found another");
}

TEST_F(Tls, ACertificateForClientsMakesNoMember) {
  const auto first = security(files(n1_));
  start_node(first.get());
  const auto pretender = security(files(clients_.issue("pretender", "DNS:n2")));
  EXPECT_EQ(dial(member_, pretender.get()),
            "refused: expected a member's certificate, found one that is not signed by an authority in " +
                members_.path());
}

TEST_F(Tls, TheOneWhoIsDialledProvesItselfToo) {
  const auto first = security(files(members_.issue("not_n1", "DNS:n7"))), second = security(files(n2_));
  start_node(first.get());
  EXPECT_EQ(dial(member_, second.get()), "expected a certificate that names n1 or 127.0.0.1, found another");
}

TEST_F(Tls, AClientNeedsACertificateUnlessTokensSuffice) {
  const auto strict = security(files(n1_)), lenient = security(files(n1_), false);
  const auto bare =
      security({.authority = members_.path(), .certificate = {}, .key = {}, .client_authority = {}});
  start_node(strict.get());
  EXPECT_EQ(dial(visitor_, bare.get()),
            "the other side wants another certificate, this one has shown no certificate");
  EXPECT_TRUE(
      until([&] { return node_.has_logged("expected a certificate, the other side has shown none"); }));
  start_node(lenient.get());
  EXPECT_EQ(dial(visitor_, bare.get()), "");
  node_.heard.clear();
  // A member is no client: it needs one.
  EXPECT_EQ(dial(member_, bare.get()), "refused: expected the certificate of n2, found none");
}

TEST_F(Tls, AnUnknownAuthorityIsNamedOnBothSides) {
  const auto first = security(files(n1_));
  start_node(first.get());
  const Issued foreign = others_.issue("foreign", "DNS:n2");
  const auto wrong_own = security(files(foreign));
  EXPECT_EQ(dial(member_, wrong_own.get()),
            "the other side does not know the authority that has signed " + foreign.certificate);
  EXPECT_TRUE(until([&] {
    return node_.has_logged("the certificate of the other side is not signed by an authority in " +
                            clients_.path());
  }));
  TlsFiles wrong_trust = files(n2_);
  wrong_trust.authority = others_.path();
  const auto distrusts = security(wrong_trust);
  EXPECT_EQ(dial(member_, distrusts.get()),
            "the certificate of the other side is not signed by an authority in " + others_.path());
  EXPECT_TRUE(until([&] {
    return node_.has_logged("the other side does not know the authority that has signed " + n1_.certificate);
  }));
}

TEST_F(Tls, OneInTheClearAndOneEncryptedSayWhatTheyExpected) {
  const auto first = security(files(n1_)), second = security(files(n2_));
  start_node(first.get());
  EXPECT_EQ(dial(member_, nullptr),
            "expected a welcome, the other side has closed the connection: does it want TLS?");
  EXPECT_TRUE(until([&] { return node_.has_logged("expected TLS, found something else"); }));
  node_.log.clear();
  start_node(nullptr);
  EXPECT_EQ(dial(member_, second.get()), "expected TLS, found something else: is the other side without it?");
  EXPECT_TRUE(until([&] { return node_.has_logged("expected frames in the clear, found TLS"); }));
}

TEST_F(Tls, AHandshakeThatDoesNotEndIsEnded) {
  patience_ = 20ms;
  const auto first = security(files(n1_));
  start_node(first.get());
  Stranger silent(loop_, at_), half(loop_, at_);
  silent.listen_on();
  half.listen_on();
  half.send(BytesView("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(until([&] { return silent.is_closed() && half.is_closed(); }));
  EXPECT_TRUE(node_.has_logged("expected a TLS handshake within its time, found silence"));
  EXPECT_TRUE(until([&] { return node_.tcp->doorkeeper().connections() == 0; }));
}

TEST_F(Tls, MayEndWhileHandshakesAreUnderWay) {
  auto first = security(files(n1_));
  auto second = security(files(n2_));
  start_node(first.get());
  Stranger silent(loop_, at_);
  member_.options.peers = {{NodeId(1), at_}};
  member_.options.security = second.get();
  member_.start(loop_);
  member_.say(1, "hello");
  for (int i = 0; i < 3; ++i) loop_.run_for(200us);
  member_.tcp.reset();
  node_.tcp.reset();
  second.reset();
  first.reset();
  silent.listen_on();
  silent.send("x");
  loop_.run_for(5ms);
  EXPECT_FALSE(node_.has_heard("hello"));
}

TEST_F(Tls, FilesThatDoNotFitAreNamed) {
  const auto error_of = [&](const TlsFiles& wrong) {
    const auto made = TlsSecurity::create(wrong, {});
    return made ? std::string("none") : made.error().message;
  };
  const std::string garbage = scratch_ / "garbage";
  std::ofstream(garbage) << "-----BEGIN NOTHING-----\n";
  TlsFiles wrong = files(n1_);
  wrong.certificate = scratch_ / "missing.pem";
  EXPECT_EQ(error_of(wrong), "cannot read " + wrong.certificate + ": No such file or directory");
  wrong.certificate = garbage;
  EXPECT_EQ(error_of(wrong), garbage + ": expected a certificate in PEM form");
  wrong = files(n1_);
  wrong.key = garbage;
  EXPECT_EQ(error_of(wrong), garbage + ": expected a private key in PEM form without a passphrase");
  wrong.key = n2_.key;
  EXPECT_EQ(error_of(wrong), n2_.key + ": expected the key of " + n1_.certificate + ", found another key");
  wrong = files(n1_);
  wrong.authority = garbage;
  EXPECT_EQ(error_of(wrong), garbage + ": expected certificates of authorities in PEM form");
  const Issued old = members_.issue("old", "DNS:n1", -10), young = members_.issue("young", "DNS:n1", 5);
  EXPECT_TRUE(error_of(files(old))
                  .starts_with(old.certificate + ": expected a certificate that is valid, it has expired: "));
  EXPECT_TRUE(
      error_of(files(young))
          .starts_with(young.certificate + ": expected a certificate that is valid, it begins to be: "));
}

}  // namespace
}  // namespace lockstep::net
