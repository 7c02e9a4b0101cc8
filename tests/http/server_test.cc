// The HTTP server with clients that are slow, large, too many, or do not speak HTTP.
#include <gtest/gtest.h>

#include "base/text.h"
#include "net/api/http_server.h"
#include "tests/http/http_client.h"

namespace lockstep::tests {
namespace {

using api::HttpLimits;
using api::HttpRequest;
using api::HttpRespond;
using api::HttpResponse;
using namespace std::chrono_literals;

// Answers with what it was asked, unless a test wants to answer later itself.
class Server : public testing::Test {
 protected:
  void start(HttpLimits limits = {}) {
    auto acceptor = net::listen(loop_.context(), {.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(acceptor) << acceptor.error().message;
    address_ = acceptor->local_endpoint();
    server_ = std::make_unique<api::HttpServer>(
        loop_, limits, [this](HttpRequest request, HttpRespond respond) { answer(request, respond); },
        nullptr, pool_);
    server_->serve(std::move(*acceptor));
  }
  HttpClient connect() { return HttpClient(loop_, address_); }
  std::uint64_t answered(int status) const {
    const auto& responses = server_->counters().responses;
    const auto found = responses.find(status);
    return found == responses.end() ? 0 : found->second;
  }

  net::EventLoop loop_;
  net::Tcp::endpoint address_;
  std::shared_ptr<net::MemoryPool> pool_;
  std::unique_ptr<api::HttpServer> server_;
  bool hold_ = false;
  HttpRespond held_;

 private:
  void answer(HttpRequest& request, HttpRespond& respond) {
    if (hold_) {
      held_ = std::move(respond);
      return;
    }
    respond(HttpResponse{.content_type = "text/plain",
                         .body = request.path + "|" + request.query + "|" + request.body});
  }
};

TEST_F(Server, AnswersAndKeepsTheConnection) {
  start();
  HttpClient client = connect();
  client.say("GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string first = client.response();
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_TRUE(first.ends_with("\r\n\r\n/a|x=1|")) << first;
  EXPECT_NE(first.find("Connection: keep-alive"), std::string::npos);
  client.say("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(client.response().ends_with("/b||hello"));
  EXPECT_EQ(server_->counters().connections, 1u);
}

TEST_F(Server, AnswersPipelinedRequestsInOrder) {
  start();
  HttpClient client = connect();
  std::string all;
  for (int i = 0; i < 300; ++i) all += cat("GET /", i, " HTTP/1.1\r\nHost: h\r\n\r\n");
  client.say(all);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(client.response().ends_with(cat("\r\n\r\n/", i, "||"))) << i;
}

// Only so far that it notices a client that hangs up.
TEST_F(Server, ReadsLittleFurtherWhileItAnswers) {
  start();
  hold_ = true;
  HttpClient client = connect();
  client.say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(loop_.run_until([&] { return held_ != nullptr; }, 20s));
  const std::uint64_t before = server_->counters().bytes_received;
  client.say(std::string(300'000, 'x'));
  HttpClient other = connect();  // what came before it has been looked at when this one is known
  ASSERT_TRUE(loop_.run_until([&] { return server_->connections() == 2; }, 20s));
  loop_.run_for(std::chrono::milliseconds(20));
  EXPECT_LE(server_->counters().bytes_received, before + (20 << 10));
}

TEST_F(Server, HeadHasTheLengthAndNotTheBody) {
  start();
  HttpClient client = connect();
  client.say("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(client.response(false).find("Content-Length: 6\r\n"), std::string::npos);
  EXPECT_TRUE(client.response().ends_with("/next||"));
}

TEST_F(Server, ClosesWhenTheClientAsksAndForHttp10) {
  start();
  HttpClient first = connect();
  first.say("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(first.response().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(first.is_left());
  HttpClient second = connect();
  second.say("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(second.is_left());
  EXPECT_TRUE(second.response().ends_with("/||"));
}

TEST_F(Server, TakesChunksAndByteByByte) {
  start();
  HttpClient client = connect();
  const std::string text =
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (const char byte : text) {
    client.say(std::string(1, byte));
    loop_.run_for(std::chrono::microseconds(10));
  }
  EXPECT_TRUE(client.response().ends_with("/c||abcde"));
}

TEST_F(Server, SaysContinueToThoseWhoWaitForIt) {
  start();
  HttpClient client = connect();
  client.say("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.say("ok");
  EXPECT_TRUE(client.response().ends_with("/e||ok"));
}

TEST_F(Server, RefusesALargeBodyByItsAnnouncement) {
  start({.max_body_bytes = 10});
  HttpClient client = connect();
  client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 413 "));
}

TEST_F(Server, RefusesALargeBodyInChunks) {
  start({.max_body_bytes = 10});
  HttpClient client = connect();
  client.say("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n");
  client.say("12345678\r\n0\r\n\r\n");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 413 "));
}

// Whoever is refused while it still sends must be able to read why.
TEST_F(Server, TheRefusalReachesAClientThatGoesOnSending) {
  start({.max_body_bytes = 10});
  HttpClient client = connect();
  client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    client.say(std::string(10'000, 'x'));
    loop_.run_for(std::chrono::microseconds(10));
  }
  const std::string response = client.response();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 413 ")) << response;
  EXPECT_NE(response.find("at most 10 bytes"), std::string::npos);
}

TEST_F(Server, BoundsTheBodiesOfAllTogether) {
  start({.max_bodies_bytes = 1000});
  HttpClient first = connect();
  first.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n" + std::string(800, 'x'));
  ASSERT_TRUE(loop_.run_until([&] { return server_->counters().bytes_received > 800; }, 20s));
  HttpClient second = connect();
  second.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n" + std::string(800, 'x'));
  EXPECT_TRUE(second.response().starts_with("HTTP/1.1 503 "));
  first.say(std::string(100, 'x'));
  EXPECT_TRUE(first.response().starts_with("HTTP/1.1 200 "));
  HttpClient third = connect();  // what they held is free again
  third.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n" + std::string(900, 'x'));
  EXPECT_TRUE(third.response().starts_with("HTTP/1.1 200 "));
}

// A port that holds nothing but counts, as the native one does.
class OtherPort final : public net::MemoryPool::Port {
 public:
  explicit OtherPort(std::shared_ptr<net::MemoryPool> pool) : pool_(std::move(pool)) { pool_->open(*this); }
  ~OtherPort() { pool_->close(*this); }
  void hold(std::size_t bytes) { pool_->change(std::exchange(held_, bytes), bytes); }
  std::size_t most_held() const override { return held_; }
  void drop_greediest(const std::string& why) override {
    dropped_ = why;
    hold(0);
  }
  const std::string& dropped() const { return dropped_; }

 private:
  std::shared_ptr<net::MemoryPool> pool_;
  std::size_t held_ = 0;
  std::string dropped_;
};

TEST_F(Server, SharesItsMemoryWithOtherPortsAndTheGreediestOfAllIsToldWhy) {
  pool_ = std::make_shared<net::MemoryPool>(
      1 << 20, [this](std::function<void()> relieve) { loop_.post(std::move(relieve)); });
  start();
  OtherPort other(pool_);
  other.hold(700 << 10);
  HttpClient client = connect();
  client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n");
  for (int piece = 0; piece < 3; ++piece) {
    client.say(std::string(100 << 10, 'x'));
    loop_.run_for(1ms);
  }
  EXPECT_TRUE(
      loop_.run_until([&] { return !other.dropped().empty() || server_->counters().refused > 0; }, 20s));
  EXPECT_NE(other.dropped().find("are most of all, and all together are more than 1048576"),
            std::string::npos);
  EXPECT_EQ(server_->counters().refused, 0u);

  HttpClient second = connect();
  other.hold(500 << 10);
  second.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n");
  for (int piece = 0; piece < 9; ++piece) {
    second.say(std::string(100 << 10, 'x'));
    loop_.run_for(1ms);
  }
  const std::string refusal = second.response();
  EXPECT_TRUE(refusal.starts_with("HTTP/1.1 503 ")) << refusal;
  EXPECT_NE(refusal.find("are most of all"), std::string::npos) << refusal;
  EXPECT_LE(pool_->used(), 1u << 20);
}

TEST_F(Server, RefusesALongHead) {
  start({.max_header_bytes = 1000});
  HttpClient client = connect();
  client.say("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(2000, 'x'));
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 431 "));
}

TEST_F(Server, RefusesALongHeadOfAChunk) {
  start({.max_header_bytes = 1000});
  HttpClient client = connect();
  client.say("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;");
  for (int i = 0; i < 10; ++i) {
    client.say(std::string(1000, 'x'));
    loop_.run_for(1ms);
  }
  const std::string response = client.response();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 431 ") || response.starts_with("HTTP/1.1 400 ")) << response;
}

TEST_F(Server, RefusesWhatIsNotHttp) {
  start();
  for (const std::string_view text :
       {"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03 a client of TLS\r\n\r\n", "hello\r\n\r\n",
        "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    HttpClient client = connect();
    client.say(text);
    const std::string response = client.response();
    EXPECT_TRUE(response.starts_with("HTTP/1.1 400 ")) << text << response;
    EXPECT_NE(response.find("\"code\":\"bad_request\""), std::string::npos) << response;
  }
  HttpClient client = connect();
  client.say("GET / HTTP/2.0\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 505 "));
}

TEST_F(Server, TellsASlowClientAndLeavesIt) {
  start({.head_timeout = 20ms, .linger = 20ms});
  HttpClient client = connect();
  client.say("GET / HTT");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(client.is_left());
  EXPECT_EQ(server_->counters().timeouts, 1u);
  EXPECT_TRUE(loop_.run_until([&] { return server_->connections() == 0; }, 20s));
}

TEST_F(Server, LeavesAClientThatDripsItsBody) {
  start({.body_timeout = 20ms, .linger = 20ms});
  HttpClient client = connect();
  client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(client.is_left());
}

TEST_F(Server, LeavesAClientThatSaysNothing) {
  start({.head_timeout = 20ms});
  HttpClient client = connect();
  EXPECT_TRUE(client.is_left());
  EXPECT_EQ(client.heard(), "");
}

TEST_F(Server, LeavesAnIdleConnection) {
  start({.idle_timeout = 20ms});
  HttpClient client = connect();
  client.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(client.is_left());
  EXPECT_EQ(server_->counters().timeouts, 0u);
}

TEST_F(Server, LeavesAClientThatDoesNotRead) {
  start({.write_timeout = 50ms});
  hold_ = true;
  net::asio::io_context elsewhere;  // nobody runs it: this client never reads
  net::Tcp::socket deaf(elsewhere);
  deaf.connect(address_);
  net::asio::write(deaf, net::asio::buffer(std::string_view("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
  ASSERT_TRUE(loop_.run_until([&] { return held_ != nullptr; }, 20s));
  held_(HttpResponse{.content_type = "text/plain", .body = std::string(64 << 20, 'x')});
  EXPECT_TRUE(loop_.run_until([&] { return server_->connections() == 0; }, 20s));
  EXPECT_EQ(server_->counters().timeouts, 1u);
}

TEST_F(Server, ClosesTheConnectionThatIsOneTooMany) {
  start({.max_connections = 2});
  HttpClient first = connect();
  HttpClient second = connect();
  for (HttpClient* client : {&first, &second}) {
    client->say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(client->response().starts_with("HTTP/1.1 200 "));
  }
  HttpClient third = connect();
  EXPECT_TRUE(third.is_left());
  EXPECT_EQ(server_->counters().refused, 1u);
  second.say("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(second.is_left());
  HttpClient fourth = connect();
  fourth.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(fourth.response().starts_with("HTTP/1.1 200 "));
}

// First those who have said nothing, then those whose first head has not come; the oldest first.
TEST_F(Server, WhoHasAskedNothingGivesWayToNewcomers) {
  start({.max_connections = 3});
  HttpClient half = connect();
  half.say("GET / HT");
  HttpClient uploading = connect();
  uploading.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  ASSERT_TRUE(loop_.run_until([&] { return server_->counters().bytes_received > 50; }, 20s));
  HttpClient silent = connect();
  ASSERT_TRUE(loop_.run_until([&] { return server_->connections() == 3; }, 20s));
  HttpClient first = connect();
  EXPECT_TRUE(silent.is_left());
  first.say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(first.response().ends_with("/1||"));
  HttpClient second = connect();
  EXPECT_TRUE(half.is_left());
  second.say("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(second.response().ends_with("/2||"));
  EXPECT_TRUE(connect().is_left());  // all three have asked something
  EXPECT_EQ(server_->counters().refused, 3u);
  uploading.say("lo");
  EXPECT_TRUE(uploading.response().ends_with("/||hello"));
}

TEST_F(Server, HundredsOfSilentConnectionsKeepNobodyOut) {
  constexpr std::size_t kPlaces = 100;
  start({.max_connections = kPlaces, .head_timeout = 1h});
  std::vector<std::unique_ptr<HttpClient>> silent;
  for (int i = 0; i < 500; ++i) silent.push_back(std::make_unique<HttpClient>(loop_, address_));
  HttpClient client = connect();
  client.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(server_->connections(), kPlaces);
  EXPECT_EQ(server_->counters().refused, 501 - kPlaces);
}

TEST_F(Server, SendsALargeResponseWhole) {
  start();
  hold_ = true;
  HttpClient client = connect();
  client.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(loop_.run_until([&] { return held_ != nullptr; }, 20s));
  held_(HttpResponse{.content_type = "text/plain", .body = std::string(3'000'000, 'x')});
  const std::string response = client.response();
  EXPECT_TRUE(response.ends_with(std::string(3'000'000, 'x')));
}

TEST_F(Server, StoppingAnswersWhatIsUnderWayAndNothingElse) {
  start();
  hold_ = true;
  HttpClient busy = connect();
  HttpClient idle = connect();
  busy.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(loop_.run_until([&] { return held_ != nullptr && server_->connections() == 2; }, 20s));
  server_->stop();
  EXPECT_TRUE(idle.is_left());
  held_(HttpResponse{.body = "late"});
  EXPECT_TRUE(busy.response().ends_with("late"));
  EXPECT_TRUE(busy.is_left());
  net::Tcp::socket another(loop_.context());
  net::IoError error;
  another.connect(address_, error);
  EXPECT_TRUE(error);
}

TEST_F(Server, AResponseAfterItsEndHasNoEffect) {
  start();
  hold_ = true;
  HttpClient client = connect();
  client.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(loop_.run_until([&] { return held_ != nullptr; }, 20s));
  server_.reset();
  held_(HttpResponse{.body = "late"});
  EXPECT_TRUE(client.is_left());
  EXPECT_EQ(client.heard(), "");
}

}  // namespace
}  // namespace lockstep::tests
