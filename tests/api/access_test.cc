// Roles and tokens, and what the native protocol refuses by them.
#include "net/api/access.h"

#include <gtest/gtest.h>

#include "base/field_numbers.h"
#include "core/proto/field.pb.h"

namespace lockstep::api {
namespace {

std::shared_ptr<TokenTable> three_tokens() {
  auto tokens = std::make_shared<TokenTable>();
  tokens->add_token("reader", Access::kRead, "r");
  // printf w | sha256sum
  EXPECT_TRUE(tokens->add_sha256("writer", Access::kWrite,
                                 "50e721e49c013f00c62cf59f2163542a9d8df02464efeb615d31051b0fddc326"));
  tokens->add_token("boss", Access::kAdmin, "a");
  return tokens;
}

wire::Request request_of(wire::Request::WhatCase what) {
  wire::Request request;
  request.set_call(17);
  if (what == wire::Request::kQuery) request.mutable_query()->mutable_statement()->set_sql("SELECT 1");
  if (what == wire::Request::kWrite)
    request.mutable_write()->mutable_write()->add_statements()->set_sql("DELETE");
  if (what == wire::Request::kMaintain) request.mutable_maintain()->set_what(wire::Maintain::VACUUM);
  return request;
}

// The status with which the filter answers; DONE: it lets the bytes pass.
wire::ReplyStatus filtered(Access access, BytesView payload) {
  const auto filter = make_client_filter(three_tokens());
  net::Party party;
  party.access = static_cast<net::Access>(access);
  const auto answer = filter(party, Channel::kRequest, payload);
  if (!answer) return wire::DONE;
  wire::Reply reply;
  EXPECT_EQ(answer->channel, Channel::kReply);
  EXPECT_TRUE(reply.ParseFromString(answer->answer));
  EXPECT_EQ(reply.call(), 17u);
  return reply.status();
}

// An empty statement is two bytes, and a hundred of memory.
TEST(Filter, LetsNoRequestOfTooManyPartsPassWhoeverAsks) {
  wire::Request request = request_of(wire::Request::kWrite);
  auto& statements = *request.mutable_write()->mutable_write()->mutable_statements();
  while (statements.size() < 99'000) statements.Add();
  EXPECT_EQ(filtered(Access::kAdmin, request.SerializeAsString()), wire::DONE);
  while (statements.size() < 100'001) statements.Add();
  EXPECT_EQ(filtered(Access::kAdmin, request.SerializeAsString()), wire::BAD_REQUEST);
  statements.Clear();
  statements.Add()->set_sql(std::string(1 << 20, 'x'));
  EXPECT_EQ(filtered(Access::kAdmin, request.SerializeAsString()), wire::DONE) << "large, but one";
}

TEST(Tokens, AreKnownByTextOrByHash) {
  const auto tokens = three_tokens();
  EXPECT_EQ(tokens->authenticate("r"), Access::kRead);
  EXPECT_EQ(tokens->authenticate("w"), Access::kWrite);
  EXPECT_EQ(tokens->authenticate("a"), Access::kAdmin);
  EXPECT_EQ(tokens->authenticate("x").error().code, ErrorCode::kRefused);
  EXPECT_EQ(tokens->authenticate("").error().message, "expected a token");
}

// The sentence of a refusal; empty: it comes in.
std::string objection_to(const TokenTable& tokens, const std::string& token, NodeId number,
                         net::PartyKind kind = net::PartyKind::kField) {
  net::Hello hello;
  hello.kind = kind;
  hello.from = number;
  hello.token = token;
  const auto access = tokens.admit(hello);
  return access ? std::string() : access.error().message;
}

TEST(Tokens, AnEdgesMayBeBoundToItsNumber) {
  const auto tokens = three_tokens();
  tokens->add_token("any edge", Access::kEdge, "e");
  tokens->add_token("the first", Access::kEdge, "e1");
  tokens->bind_last_to({"e1", "east"});
  for (const std::string name : {"e1", "east"}) {
    EXPECT_EQ(objection_to(*tokens, "e", edge_number(name)), "");
    EXPECT_EQ(objection_to(*tokens, "e1", edge_number(name)), "");
  }
  EXPECT_EQ(objection_to(*tokens, "e1", edge_number("e2")),
            "expected a token of the edge with number 10002; this one is of e1, east");
  EXPECT_EQ(objection_to(*tokens, "w", edge_number("e2")), "");
  EXPECT_EQ(objection_to(*tokens, "r", edge_number("e2")),
            "expected a token with the role edge, for an edge changes what is stored; this one has read");
  EXPECT_EQ(objection_to(*tokens, "r", kCloudNumber), "") << "it may look on";
  EXPECT_EQ(objection_to(*tokens, "e1", kCloudNumber),
            "expected a token with the role admin to send packages, or read to look on; this one has edge");
  EXPECT_EQ(objection_to(*tokens, "e1", NodeId(7), net::PartyKind::kClient), "") << "it may ask who is there";
}

// Why what one of the field says with this role is not taken; empty: it is.
std::string forbidden(Access access, const wire::FieldMessage& message) {
  const auto filter = make_client_filter(three_tokens());
  net::Party party;
  party.access = static_cast<net::Access>(access);
  const auto answer = filter(party, Channel::kField, message.SerializeAsString());
  if (!answer) return {};
  wire::FieldMessage back;
  EXPECT_EQ(answer->channel, Channel::kField);
  EXPECT_TRUE(back.ParseFromString(answer->answer));
  EXPECT_EQ(back.package_status().state(), wire::REFUSED);
  EXPECT_EQ(back.package_status().version(), 7u);
  EXPECT_EQ(back.package_status().kind(), wire::MODEL);
  EXPECT_EQ(answer->why, back.package_status().reason());
  return answer->why;
}

TEST(ClientFilter, OnlyAnAdministratorSendsPackages) {
  std::vector<wire::FieldMessage> orders(3);
  orders[0].mutable_package()->set_kind(wire::MODEL);
  orders[0].mutable_package()->set_version(7);
  orders[1].mutable_chunk()->set_kind(wire::MODEL);
  orders[1].mutable_chunk()->set_version(7);
  orders[2].mutable_activate()->set_kind(wire::MODEL);
  orders[2].mutable_activate()->set_version(7);
  for (const wire::FieldMessage& order : orders) {
    EXPECT_EQ(forbidden(Access::kEdge, order), "expected a token with the role admin; this one has edge");
    EXPECT_EQ(forbidden(Access::kWrite, order), "expected a token with the role admin; this one has write");
    EXPECT_EQ(forbidden(Access::kAdmin, order), "");
  }
  wire::FieldMessage batch;
  batch.mutable_batch()->set_sequence(1);
  EXPECT_EQ(forbidden(Access::kEdge, batch), "");
}

TEST(Tokens, WithoutAnyEverybodyMayDoEverything) {
  EXPECT_EQ(TokenTable().authenticate(""), Access::kAdmin);
  EXPECT_EQ(TokenTable().authenticate("whatever"), Access::kAdmin);
}

TEST(Tokens, AHashHas64HexDigits) {
  TokenTable tokens;
  EXPECT_FALSE(tokens.add_sha256("short", Access::kRead, "abc"));
  EXPECT_FALSE(tokens.add_sha256("odd", Access::kRead, std::string(64, 'g')));
  EXPECT_TRUE(tokens.is_open());
}

TEST(Roles, EachMayWhatThoseBelowItMay) {
  using Request = wire::Request;
  EXPECT_EQ(objection(Access::kRead, Request::kQuery), "");
  EXPECT_EQ(objection(Access::kRead, Request::kWrite),
            "expected a token with the role write; this one has read");
  EXPECT_EQ(objection(Access::kWrite, Request::kStatus), "");
  EXPECT_EQ(objection(Access::kWrite, Request::kOpenSession), "");
  EXPECT_NE(objection(Access::kWrite, Request::kMaintain), "");
  EXPECT_EQ(objection(Access::kAdmin, Request::kMaintain), "");
  EXPECT_EQ(objection(Access::kEdge, Request::kQuery),
            "expected a token with the role read; this one has edge");
}

TEST(ClientFilter, AnswersInTheNodesPlaceWhatARoleMayNot) {
  const auto query = request_of(wire::Request::kQuery).SerializeAsString();
  const auto write = request_of(wire::Request::kWrite).SerializeAsString();
  const auto maintain = request_of(wire::Request::kMaintain).SerializeAsString();
  EXPECT_EQ(filtered(Access::kRead, query), wire::DONE);
  EXPECT_EQ(filtered(Access::kRead, write), wire::FORBIDDEN);
  EXPECT_EQ(filtered(Access::kWrite, write), wire::DONE);
  EXPECT_EQ(filtered(Access::kWrite, maintain), wire::FORBIDDEN);
  EXPECT_EQ(filtered(Access::kAdmin, maintain), wire::DONE);
}

// Protobuf takes the last of several kinds; a request that names a harmless one too gets nowhere.
TEST(ClientFilter, IsNotDeceivedByARequestOfTwoKinds) {
  wire::Request query = request_of(wire::Request::kQuery);
  query.clear_call();
  const Bytes harmless = query.SerializeAsString();
  const Bytes write = request_of(wire::Request::kWrite).SerializeAsString();
  EXPECT_EQ(filtered(Access::kRead, write + harmless), wire::FORBIDDEN);
  EXPECT_EQ(filtered(Access::kRead, harmless + write), wire::FORBIDDEN);
}

TEST(Access, TheTokenStandsBehindItsScheme) {
  EXPECT_EQ(bearer_token("Bearer open-sesame"), "open-sesame");
  EXPECT_EQ(bearer_token("bEARER x"), "x");  // schemes have no case
  for (const std::string_view other : {"", "Bearer", "open-sesame", "Basic b3BlbjpzZXNhbWU=", "Bearer:x"})
    EXPECT_EQ(bearer_token(other), "") << other;
}

}  // namespace
}  // namespace lockstep::api
