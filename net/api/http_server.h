// An HTTP/1.1 server on the event loop: what arrives is bounded in bytes and in time, what is asked is
// answered in order.
//
// One request of a connection is answered before the next is read, so pipelining costs no memory. A client
// that is slow or large is told so, and costs nothing more. When all places are taken, those who have not
// asked anything yet give way to newcomers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>

#include "net/api/doorstep.h"
#include "net/api/http_message.h"
#include "net/memory_pool.h"
#include "net/stream.h"

namespace lockstep::api {

struct HttpLimits {
  std::size_t max_header_bytes = 16 << 10;
  std::size_t max_body_bytes = 16 << 20;
  std::size_t max_bodies_bytes = 256 << 20;  // of all connections together
  std::size_t max_connections = 10'000;
  Duration head_timeout = std::chrono::seconds(10);  // from the first byte to the last of the head
  Duration body_timeout = std::chrono::seconds(60);
  Duration idle_timeout = std::chrono::seconds(60);   // between requests
  Duration write_timeout = std::chrono::seconds(30);  // for each piece of a response
  Duration linger = std::chrono::seconds(2);          // a refused client may go on sending for so long
};

struct HttpCounters {
  std::uint64_t connections = 0;  // accepted
  std::uint64_t refused = 0;      // gave way, one too many, or encryption that failed
  std::uint64_t timeouts = 0;     // closed because the client was too slow
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::map<int, std::uint64_t> responses = {};  // by status
};

class HttpConnection;

// Everything on the loop's thread.
class HttpServer final : private net::MemoryPool::Port {
 public:
  // `loop` and `security` (none: in the clear) outlive the server. `pool`: where the buffers of all
  // connections count; none: nowhere.
  HttpServer(net::EventLoop& loop, HttpLimits limits, HttpHandler handler, net::Security* security = nullptr,
             std::shared_ptr<net::MemoryPool> pool = nullptr);
  // Closes everything; a response that comes later has no effect.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // May be called for several sockets.
  void serve(net::Tcp::acceptor acceptor) { doorstep_.serve(std::move(acceptor)); }
  // Accepts nobody any more and closes what is idle; requests under way are still answered.
  void stop();

  HttpCounters counters() const;
  std::size_t connections() const { return connections_.size() + doorstep_.waiting(); }

 private:
  std::size_t room();
  void let_in(net::Tcp::socket socket);
  void greet(std::uint64_t number, Result<std::unique_ptr<net::Stream>> stream);
  void forget(std::uint64_t number);
  std::shared_ptr<HttpConnection> greediest() const;
  std::size_t most_held() const override;
  void drop_greediest(const std::string& why) override;

  // What connections need of their server; they may outlive it by an operation.
  struct Shared;
  friend class HttpConnection;

  net::EventLoop& loop_;
  net::NoSecurity in_the_clear_;
  net::Security& security_;
  std::map<std::uint64_t, std::shared_ptr<HttpConnection>>
      connections_;                    // null: encryption is being agreed on
  std::set<std::uint64_t> strangers_;  // of these, whose first head has not come; the oldest first
  std::uint64_t next_number_ = 0;
  std::shared_ptr<Shared> shared_;
  Doorstep doorstep_;
};

}  // namespace lockstep::api
