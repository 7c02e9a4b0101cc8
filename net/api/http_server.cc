// Accepting, counting, closing.
#include "net/api/http_server.h"

#include "net/api/http_connection.h"

namespace lockstep::api {
namespace {

constexpr Duration kPauseAfterFailedAccept = std::chrono::milliseconds(100);

}  // namespace

HttpServer::HttpServer(net::EventLoop& loop, HttpLimits limits, HttpHandler handler, net::Security* security,
                       std::shared_ptr<net::MemoryPool> pool)
    : loop_(loop),
      security_(security != nullptr ? *security : in_the_clear_),
      shared_(std::make_shared<Shared>(Shared{.limits = limits,
                                              .handler = std::move(handler),
                                              .counters = {},
                                              .pool = std::move(pool),
                                              .server = this})) {
  if (!shared_->pool) {
    shared_->pool = std::make_shared<net::MemoryPool>(SIZE_MAX, [](const std::function<void()>&) {});
  }
  shared_->pool->open(*this);
}

HttpServer::~HttpServer() {
  shared_->server = nullptr;
  shared_->pool->close(*this);
  shared_->handler = nullptr;
  net::IoError ignored;
  for (const auto& acceptor : acceptors_) acceptor->close(ignored);
  for (const auto& [number, connection] : std::exchange(connections_, {}))
    if (connection) connection->close();
}

const HttpCounters& HttpServer::counters() const { return shared_->counters; }

void HttpServer::serve(net::Tcp::acceptor acceptor) {
  acceptors_.push_back(std::make_shared<net::Tcp::acceptor>(std::move(acceptor)));
  accept_next(acceptors_.back());
}

void HttpServer::stop() {
  shared_->stopping = true;
  net::IoError ignored;
  for (const auto& acceptor : acceptors_) acceptor->close(ignored);
  for (const auto& [number, connection] : std::map(connections_)) {
    if (connection)
      connection->close_if_idle();
    else
      connections_.erase(number);
  }
}

void HttpServer::accept_next(const std::shared_ptr<net::Tcp::acceptor>& acceptor) {
  acceptor->async_accept([shared = shared_, acceptor](const net::IoError& error, net::Tcp::socket socket) {
    if (shared->server == nullptr || error == net::asio::error::operation_aborted) return;
    if (error) {  // out of descriptors, most likely: those who are connected go on, others wait
      shared->server->loop_.after(kPauseAfterFailedAccept, [shared, acceptor] {
        if (shared->server != nullptr && !shared->stopping) shared->server->accept_next(acceptor);
      });
      return;
    }
    shared->server->admit(std::move(socket));
    shared->server->accept_next(acceptor);
  });
}

void HttpServer::admit(net::Tcp::socket socket) {
  if (connections_.size() >= shared_->limits.max_connections) {
    ++shared_->counters.refused;
    return;  // closes it
  }
  net::tune(socket);
  ++shared_->counters.connections;
  const std::uint64_t number = ++next_number_;
  connections_.emplace(number, nullptr);
  // Until encryption is agreed on there is no connection to watch its own time.
  loop_.after(shared_->limits.head_timeout, [shared = shared_, number] {
    if (shared->server == nullptr) return;
    const auto found = shared->server->connections_.find(number);
    if (found == shared->server->connections_.end() || found->second) return;
    ++shared->counters.timeouts;
    shared->server->connections_.erase(found);
  });
  security_.accept(std::move(socket),
                   [shared = shared_, number](Result<std::unique_ptr<net::Stream>> stream) {
                     if (shared->server != nullptr) shared->server->greet(number, std::move(stream));
                   });
}

void HttpServer::greet(std::uint64_t number, Result<std::unique_ptr<net::Stream>> stream) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;  // too late; the stream closes itself
  if (!stream) {
    ++shared_->counters.refused;
    connections_.erase(found);
    return;
  }
  found->second = std::make_shared<HttpConnection>(loop_, shared_, number, std::move(*stream));
  const std::shared_ptr<HttpConnection> connection = found->second;
  connection->start();
}

std::shared_ptr<HttpConnection> HttpServer::greediest() const {
  std::shared_ptr<HttpConnection> out;
  for (const auto& [number, connection] : connections_)
    if (connection && (!out || connection->held_bytes() > out->held_bytes())) out = connection;
  return out;
}

std::size_t HttpServer::most_held() const {
  const auto connection = greediest();
  return connection ? connection->held_bytes() : 0;
}

void HttpServer::drop_greediest(const std::string& why) {
  ++shared_->counters.refused;
  greediest()->give_way(why);
}

}  // namespace lockstep::api
