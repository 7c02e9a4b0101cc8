// One client of the HTTP server: reads a request, has it answered, writes the response, and again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/api/http_parser.h"
#include "net/api/http_server.h"

namespace lockstep::api {

struct HttpServer::Shared {
  HttpLimits limits;
  HttpHandler handler;
  HttpCounters counters;
  std::shared_ptr<net::MemoryPool> pool;
  std::size_t bodies_bytes = 0;  // of requests that are being received or answered
  bool stopping = false;
  HttpServer* server = nullptr;  // none: it is gone
};

// Kept alive by its operations; close() ends them.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(net::EventLoop& loop, std::shared_ptr<HttpServer::Shared> shared, std::uint64_t number,
                 std::unique_ptr<net::Stream> stream);
  ~HttpConnection();

  void start();
  void close();
  void close_if_idle();
  // Lets go of what has been received of a request, and says so; closes what can hear nothing.
  void give_way(const std::string& why);
  std::size_t held_bytes() const { return held_bytes_; }

 private:
  enum class Phase { kIdle, kHead, kBody, kAnswering, kWriting, kLingering, kClosed };

  void enter(Phase phase);
  void wait_at_most(Duration duration);
  void wait_without_end();
  void on_timeout();

  void on_end_of_input();
  void receive();
  void take(std::size_t bytes);
  void read_ahead(std::size_t bytes);
  void parse();
  void on_head();
  void on_request();
  void respond(std::uint64_t request, HttpResponse response);
  void refuse(const HttpResponse& response);
  void send(const HttpResponse& response);
  void write_next();
  void written();
  void linger();
  void count_body(std::size_t bytes);
  void count_held();

  net::asio::steady_timer timer_;
  std::shared_ptr<HttpServer::Shared> shared_;
  std::uint64_t number_;
  std::unique_ptr<net::Stream> stream_;
  Phase phase_ = Phase::kIdle;
  std::uint64_t waits_ = 0;     // tells a stale expiry of the timer
  std::uint64_t requests_ = 0;  // tells a second response to one request

  std::shared_ptr<HttpVisit> visit_ = std::make_shared<HttpVisit>();
  bool input_ended_ = false;
  bool reading_ = false;
  bool writing_ = false;
  std::string chunk_;     // where the stream reads to
  std::string received_;  // behind what was parsed
  std::optional<HttpParser> parser_;
  std::size_t body_bytes_ = 0;  // counted in Shared::bodies_bytes
  bool head_only_ = false;
  bool keep_alive_ = false;
  bool refused_ = false;  // in the middle of a request
  std::size_t lingered_bytes_ = 0;

  std::size_t held_bytes_ = 0;  // as the pool knows
  std::string outgoing_;
  std::size_t sent_ = 0;
};

}  // namespace lockstep::api
