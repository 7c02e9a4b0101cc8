// What only gRPC has: hints in metadata, bounded staleness, the stream of a session, health, the end of the
// server.
#include <grpcpp/impl/client_unary_call.h>
#include <gtest/gtest.h>

#include <set>

#include "base/check.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/api/grpc_client.h"
#include "tests/api/grpc_doors.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;
using Stream = grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>;

class GrpcTest : public testing::Test {
 protected:
  void begin(ClusterOptions options, const api::GrpcOptions& grpc = {}) {
    cluster_ = std::make_unique<RealCluster>(std::move(options));
    doors_.emplace(*cluster_, grpc);
    leader_ = cluster_->leader();
    at_leader_.emplace(doors_->address(leader_), "");
    at_leader_->ask(write_request("CREATE TABLE t(id INTEGER PRIMARY KEY, a)"));
  }
  // With the first message sent and `opened` received.
  std::unique_ptr<Stream> open_session(grpc::ClientContext& context, std::uint64_t& session) {
    auto stream = at_leader_->stub().Session(&context);
    v1::SessionRequest request;
    request.mutable_open()->set_session(session);
    EXPECT_TRUE(stream->Write(request));
    v1::SessionResponse response;
    EXPECT_TRUE(stream->Read(&response));
    session = response.opened().session();
    return stream;
  }

  std::unique_ptr<RealCluster> cluster_;
  std::optional<GrpcDoors> doors_;
  NodeId leader_;
  std::optional<GrpcCaller> at_leader_;
};

void add_insert(v1::SessionRequest& request, std::uint64_t sequence) {
  v1::SessionRequest::Write& write = *request.add_writes();
  write.set_sequence(sequence);
  v1::Statement& statement = *write.add_statements();
  statement.set_sql("INSERT INTO t(a) VALUES(?1)");
  statement.add_parameters()->set_integer(static_cast<std::int64_t>(sequence));
}

// Sequences answered OK until the stream ends.
std::multiset<std::uint64_t> read_to_the_end(Stream& stream, bool& closed) {
  std::multiset<std::uint64_t> answered;
  for (v1::SessionResponse response; stream.Read(&response);) {
    for (const auto& answer : response.answers()) {
      EXPECT_EQ(answer.result().outcome(), v1::OUTCOME_OK) << answer.ShortDebugString();
      answered.insert(answer.sequence());
    }
    closed = closed || response.has_closed();
  }
  return answered;
}

TEST_F(GrpcTest, AnErrorCarriesTheLeaderAndItsAddress) {
  begin({.nodes = 3});
  GrpcCaller at_follower(doors_->address(cluster_->follower()), "");
  const auto context = at_follower.context();
  v1::ExecuteRequest request;
  request.mutable_statement()->set_sql("INSERT INTO t(a) VALUES(1)");
  v1::ExecuteResponse response;
  const grpc::Status status = at_follower.stub().Execute(context.get(), request, &response);
  ASSERT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  const auto detail = detail_of(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_FALSE(detail->maybe_executed());
  EXPECT_EQ(NodeId(detail->leader()), leader_);
  EXPECT_EQ(detail->leader_address(), doors_->address(leader_));
  const auto& trailing = context->GetServerTrailingMetadata();
  ASSERT_TRUE(trailing.contains("lockstep-leader") && trailing.contains("lockstep-leader-address"));
  EXPECT_EQ(trailing.find("lockstep-leader")->second, cat(leader_));
  EXPECT_EQ(trailing.find("lockstep-leader-address")->second, doors_->address(leader_));
}

TEST_F(GrpcTest, ConnectionsAreCountedAndSilentOnesGiveWay) {
  cluster_ = std::make_unique<RealCluster>(ClusterOptions{.nodes = 1});
  const NodeId node = cluster_->leader();
  auto server = std::make_shared<api::GrpcServer>(cluster_->loop());
  std::uint16_t port = 0;
  cluster_->on_loop([&] {
    ASSERT_TRUE(server->start({.listen = {.host = "127.0.0.1", .port = 0}, .max_connections = 2},
                              cluster_->gateway(node)));
    port = server->port();
    cluster_->attach(node, [server] { server->stop(); });
  });
  net::EventLoop loop;  // of the clients
  std::vector<std::unique_ptr<net::Tcp::socket>> sockets;
  std::size_t closed = 0;
  char byte = 0;
  std::function<void(net::Tcp::socket&)> read_on = [&](net::Tcp::socket& socket) {
    socket.async_read_some(net::asio::buffer(&byte, 1), [&](const net::IoError& error, std::size_t) {
      if (error == net::asio::error::operation_aborted) return;
      if (error) ++closed;
      if (!error) read_on(socket);
    });
  };
  for (int i = 0; i < 5; ++i) {
    sockets.push_back(std::make_unique<net::Tcp::socket>(loop.context()));
    sockets.back()->connect({net::asio::ip::make_address("127.0.0.1"), port});
    read_on(*sockets.back());
  }
  EXPECT_TRUE(loop.run_until([&] { return closed == 3; }, 20s)) << closed;
  const auto facts = [&] {
    api::PortFacts out;
    cluster_->on_loop([&] { out = cluster_->gateway(node).grpc().value(); });
    return out;
  };
  EXPECT_EQ(facts().connections, 2u);
  EXPECT_EQ(facts().refused, 3u);
  {  // both places are taken by those who say nothing
    GrpcCaller newcomer(net::to_string({.host = "127.0.0.1", .port = port}), "");
    newcomer.ask(write_request("CREATE TABLE newcomer(a)"));
    EXPECT_TRUE(loop.run_until([&] { return closed == 4; }, 20s)) << closed;
    EXPECT_EQ(facts().refused, 4u);
  }
  for (const auto& socket : sockets) socket->close();
  for (int tries = 0; tries < 2'000 && facts().connections > 0; ++tries) loop.run_for(1ms);
  EXPECT_EQ(facts().connections, 0u);
  GrpcCaller caller(net::to_string({.host = "127.0.0.1", .port = port}), "");  // there is room again
  caller.ask(write_request("CREATE TABLE t(a)"));
}

TEST_F(GrpcTest, ValuesThatTheProtocolDoesNotHaveAreInvalid) {
  begin({.nodes = 1});
  v1::ExecuteRequest write;
  write.mutable_statement()->set_sql("INSERT INTO t(a) VALUES(1)");
  write.mutable_options()->set_mode(static_cast<v1::WriteMode>(17));
  v1::ExecuteResponse response;
  EXPECT_EQ(at_leader_->stub().Execute(at_leader_->context().get(), write, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  v1::QueryRequest query;
  query.mutable_statement()->set_sql("SELECT 1");
  query.set_max_staleness_ms(5);  // of a linearizable query
  const auto context = at_leader_->context();
  EXPECT_EQ(at_leader_->stub().Query(context.get(), query)->Finish().error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

// So many empty statements that they take a hundred times their bytes.
std::string statements(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += std::string("\x0a\0", 2);
  return bytes;
}

TEST(GrpcRequests, OfStrangersAreNotReadAndOthersHaveBoundedParts) {
  auto tokens = std::make_shared<api::TokenTable>();
  tokens->add_token("writer", api::Access::kWrite, "w");
  RealCluster cluster({.nodes = 1, .tokens = tokens});
  GrpcDoors doors(cluster);
  const NodeId node = cluster.leader();
  const auto send = [&](const std::string& token, const std::string& bytes) {
    GrpcCaller caller(doors.address(node), token);
    const grpc::internal::RpcMethod method("/lockstep.v1.Database/ExecuteBatch",
                                           grpc::internal::RpcMethod::NORMAL_RPC);
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    return grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
        caller.channel().get(), method, caller.context().get(), request, &response);
  };
  EXPECT_EQ(send("", "no request").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(send("w", "no request").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const grpc::Status refused = send("w", statements(100'001));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(refused.error_message().find("at most 100000 statements"), std::string::npos)
      << refused.error_message();
}

TEST_F(GrpcTest, AStreamWithTooManyPartsAtOnceEnds) {
  begin({.nodes = 1});
  const auto context = at_leader_->context();
  std::uint64_t session = 0;
  const auto stream = open_session(*context, session);
  v1::SessionRequest request;
  for (int i = 0; i < 100'001; ++i) request.add_writes();
  EXPECT_TRUE(stream->Write(request));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(GrpcTest, ALocalReadThatWouldBeTooOldIsRefused) {
  begin({.nodes = 3});
  const NodeId survivor = cluster_->follower();
  GrpcCaller at_survivor(doors_->address(survivor), "");
  v1::QueryRequest query;
  query.mutable_statement()->set_sql("SELECT 1");
  query.set_consistency(v1::CONSISTENCY_LOCAL);
  query.set_max_staleness_ms(60'000);
  const auto run = [&] {
    const auto context = at_survivor.context();
    const auto reader = at_survivor.stub().Query(context.get(), query);
    for (v1::QueryResponse chunk; reader->Read(&chunk);) continue;
    return reader->Finish();
  };
  EXPECT_TRUE(run().ok());
  cluster_->kill(leader_);
  query.set_max_staleness_ms(1);
  grpc::Status status;
  for (int tries = 0; tries < 10'000 && status.ok(); ++tries) status = run();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  ASSERT_TRUE(detail_of(status).has_value());
  EXPECT_EQ(detail_of(status)->reason(), v1::REASON_STALE);
}

TEST_F(GrpcTest, ASessionStreamAnswersEveryWriteAndCloses) {
  begin({.nodes = 3});
  const auto context = at_leader_->context();
  std::uint64_t session = 0;
  const auto stream = open_session(*context, session);
  EXPECT_GT(session, 0u);
  constexpr std::uint64_t kWrites = 500;
  for (std::uint64_t sequence = 1; sequence <= kWrites; sequence += 5) {
    v1::SessionRequest request;
    for (std::uint64_t each = sequence; each < sequence + 5; ++each) add_insert(request, each);
    if (sequence + 5 > kWrites) request.mutable_close();
    ASSERT_TRUE(stream->Write(request));
  }
  bool closed = false;
  const auto answered = read_to_the_end(*stream, closed);
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(closed);
  ASSERT_EQ(answered.size(), kWrites);
  EXPECT_EQ(std::set(answered.begin(), answered.end()).size(), kWrites);
  EXPECT_EQ(at_leader_->ask(query_request("SELECT count(*) FROM t"))
                .reply.query()
                .rows()
                .rows(0)
                .values(0)
                .integer(),
            static_cast<std::int64_t>(kWrites));
  wire::Request late = write_request("INSERT INTO t(a) VALUES(0)");
  late.mutable_write()->mutable_write()->set_session(session);
  late.mutable_write()->mutable_write()->set_sequence(kWrites + 1);
  EXPECT_EQ(at_leader_->ask(late).reply.write().kind(), wire::WriteOutcome::SESSION_UNKNOWN);
}

TEST_F(GrpcTest, AWriteIsNotGivenUpForItsPause) {
  constexpr std::uint32_t kPauseMs = 2'500;
  begin({.nodes = 3}, {.listen = {}, .call_timeout = 2s});
  const auto context = at_leader_->context();
  std::uint64_t session = 0;
  const auto stream = open_session(*context, session);
  v1::SessionRequest request;
  add_insert(request, 1);
  request.mutable_writes(0)->set_pause_before_commit_ms(kPauseMs);
  request.mutable_close();
  ASSERT_TRUE(stream->Write(request));
  wire::Request alone = write_request("INSERT INTO t(a) VALUES(2)");
  alone.mutable_write()->set_pause_before_commit_ms(kPauseMs);
  const wire::Reply reply = at_leader_->ask(alone).reply;
  EXPECT_EQ(reply.status(), wire::DONE) << reply.message();
  bool closed = false;
  EXPECT_EQ(read_to_the_end(*stream, closed).size(), 1u);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(GrpcTest, ASessionIsResumedOnAnotherStream) {
  begin({.nodes = 1});
  std::uint64_t session = 0;
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const auto context = at_leader_->context();
    const auto stream = open_session(*context, session);
    v1::SessionRequest request;
    add_insert(request, 1);  // the second time a retry
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(stream->WritesDone());
    v1::SessionResponse response;
    ASSERT_TRUE(stream->Read(&response));
    ASSERT_EQ(response.answers_size(), 1);
    EXPECT_EQ(response.answers(0).result().deduplicated(), attempt == 2);
    EXPECT_FALSE(stream->Read(&response));
    EXPECT_TRUE(stream->Finish().ok());
  }
}

TEST_F(GrpcTest, ASessionStreamBeginsWithOpen) {
  begin({.nodes = 3});
  const auto context = at_leader_->context();
  const auto stream = at_leader_->stub().Session(context.get());
  v1::SessionRequest request;
  add_insert(request, 1);
  stream->Write(request);
  v1::SessionResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);

  GrpcCaller at_follower(doors_->address(cluster_->follower()), "");
  const auto elsewhere = at_follower.context();
  const auto misled = at_follower.stub().Session(elsewhere.get());
  v1::SessionRequest open;
  open.mutable_open();
  misled->Write(open);
  EXPECT_FALSE(misled->Read(&response));
  const auto detail = detail_of(misled->Finish());
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->reason(), v1::REASON_NOT_LEADER);
  EXPECT_EQ(NodeId(detail->leader()), leader_);
}

TEST_F(GrpcTest, AStreamWhoseClientGoesAwayEnds) {
  begin({.nodes = 1});
  {
    const auto context = at_leader_->context();
    std::uint64_t session = 0;
    const auto stream = open_session(*context, session);
    v1::SessionRequest request;
    for (std::uint64_t sequence = 1; sequence <= 100; ++sequence) add_insert(request, sequence);
    ASSERT_TRUE(stream->Write(request));
    context->TryCancel();
    stream->Finish();
  }
  // The node serves on, and its server ends (checked when the cluster does).
  EXPECT_EQ(at_leader_->ask(query_request("SELECT 1")).reply.status(), wire::DONE);
}

TEST_F(GrpcTest, StoppingTellsThoseWhoWait) {
  begin({.nodes = 3});
  for (const NodeId node : cluster_->members())
    if (node != leader_) cluster_->kill(node);
  v1::ExecuteRequest request;
  request.mutable_statement()->set_sql("INSERT INTO t(a) VALUES(1)");
  v1::ExecuteResponse response;
  grpc::Status status;
  std::thread caller([&] {
    const auto context = at_leader_->context();
    status = at_leader_->stub().Execute(context.get(), request, &response);
  });
  // Until the call is at the gateway, or has been refused because the leader has given up already.
  std::size_t outstanding = 0;
  for (int tries = 0; tries < 500 && outstanding == 0; ++tries)
    cluster_->on_loop([&] { outstanding = cluster_->gateway(leader_).facts().outstanding; });
  cluster_->on_loop([&] { doors_->server(leader_).stop(); });
  caller.join();
  EXPECT_FALSE(status.ok());
}

TEST_F(GrpcTest, APortThatIsTakenIsRefusedByName) {
  begin({.nodes = 1});
  Status second;
  cluster_->on_loop([&] {
    api::GrpcServer server(cluster_->loop());
    const auto endpoint = net::parse_endpoint(doors_->address(leader_));
    second = server.start({.listen = *endpoint}, cluster_->gateway(leader_));
  });
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find(doors_->address(leader_)), std::string::npos);
}

TEST_F(GrpcTest, AWatchTellsEveryChangeAndEndsWithTheServer) {
  using Health = grpc::health::v1::Health;
  using Response = grpc::health::v1::HealthCheckResponse;
  begin({.nodes = 3});
  const auto stub = Health::NewStub(at_leader_->channel());
  grpc::health::v1::HealthCheckRequest request;
  Response told;
  const auto known = at_leader_->context();
  const auto watch = stub->Watch(known.get(), request);
  while (told.status() != Response::SERVING) ASSERT_TRUE(watch->Read(&told));

  request.set_service("no.such.Service");
  const auto unknown = at_leader_->context();
  const auto other = stub->Watch(unknown.get(), request);
  ASSERT_TRUE(other->Read(&told));
  EXPECT_EQ(told.status(), Response::SERVICE_UNKNOWN);
  unknown->TryCancel();
  EXPECT_EQ(other->Finish().error_code(), grpc::StatusCode::CANCELLED);

  for (const NodeId node : cluster_->members())
    if (node != leader_) cluster_->kill(node);
  ASSERT_TRUE(watch->Read(&told));
  EXPECT_EQ(told.status(), Response::NOT_SERVING);
  cluster_->on_loop([&] { doors_->server(leader_).stop(); });
  EXPECT_FALSE(watch->Read(&told));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

// A stock client of another language, if its library is there: health, Watch, reflection.
TEST_F(GrpcTest, AStockClientReachesHealthAndReflection) {
  begin({.nodes = 1});
  const std::string script = std::string(LOCKSTEP_SOURCE_DIR) + "/tests/api/stock_client.py";
  const std::string command = cat("/usr/bin/python3 ", script, " ", doors_->address(leader_));
  const int ended = std::system(command.c_str());
  ASSERT_TRUE(WIFEXITED(ended));
  EXPECT_EQ(WEXITSTATUS(ended), 0);
}

// A node has two readers: were they not free again, what follows would wait for them.
TEST_F(GrpcTest, AQueryThatIsCancelledIsEnded) {
  begin({.nodes = 1});
  v1::QueryRequest endless;
  endless.mutable_statement()->set_sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
  for (int i = 0; i < 5; ++i) {
    const auto context = at_leader_->context();
    const auto reader = at_leader_->stub().Query(context.get(), endless);
    context->TryCancel();
    v1::QueryResponse chunk;
    EXPECT_FALSE(reader->Read(&chunk));
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(at_leader_->ask(query_request("SELECT 1")).reply.status(), wire::DONE);
}

// Its caller hears nothing wrong: the answer is whole, or the call fails.
TEST_F(GrpcTest, AnswersThatNobodyReadsAreBoundedTogether) {
  api::GrpcOptions little;
  little.max_held_bytes = 20 << 20;
  begin({.nodes = 1}, little);
  v1::QueryRequest large;
  large.mutable_statement()->set_sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT i, "
      "hex(zeroblob(600)) FROM n");
  struct Call {
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientReader<v1::QueryResponse>> reader;
  };
  std::vector<Call> calls;
  for (int i = 0; i < 12; ++i) {
    Call& call = calls.emplace_back();
    call.context = at_leader_->context();
    call.reader = at_leader_->stub().Query(call.context.get(), large);
    v1::QueryResponse first;
    call.reader->Read(&first);  // it is being sent, or was dropped
  }
  int whole = 0;
  for (Call& call : calls) {
    int rows = 0;
    for (v1::QueryResponse chunk; call.reader->Read(&chunk);) rows += chunk.rows_size();
    if (!call.reader->Finish().ok()) continue;
    ++whole;
    EXPECT_GT(rows, 5000 - 1025);
  }
  EXPECT_GE(whole, 1);
  EXPECT_LT(whole, 12);
}

}  // namespace
}  // namespace lockstep::tests
