// Letting in, counting, closing.
#include "net/api/http_server.h"

#include <algorithm>

#include "net/api/http_connection.h"

namespace lockstep::api {

HttpServer::HttpServer(net::EventLoop& loop, HttpLimits limits, HttpHandler handler, net::Security* security,
                       std::shared_ptr<net::MemoryPool> pool)
    : loop_(loop),
      security_(security != nullptr ? *security : in_the_clear_),
      shared_(std::make_shared<Shared>(Shared{.limits = limits,
                                              .handler = std::move(handler),
                                              .counters = {},
                                              .pool = std::move(pool),
                                              .server = this})),
      doorstep_(loop, {.patience = limits.head_timeout,
                       .room = [this] { return room(); },
                       .let_in = [this](net::Tcp::socket socket) { let_in(std::move(socket)); }}) {
  if (!shared_->pool) {
    shared_->pool = std::make_shared<net::MemoryPool>(SIZE_MAX, [](const std::function<void()>&) {});
  }
  shared_->pool->open(*this);
}

HttpServer::~HttpServer() {
  shared_->server = nullptr;
  shared_->pool->close(*this);
  shared_->handler = nullptr;
  doorstep_.close();
  for (const auto& [number, connection] : std::exchange(connections_, {}))
    if (connection) connection->close();
}

HttpCounters HttpServer::counters() const {
  HttpCounters out = shared_->counters;
  out.connections = doorstep_.admitted();
  out.refused += doorstep_.refused();
  return out;
}

void HttpServer::stop() {
  shared_->stopping = true;
  doorstep_.close();
  for (const auto& [number, connection] : std::map(connections_)) {
    if (connection)
      connection->close_if_idle();
    else
      connections_.erase(number);
  }
}

// Nobody stands on the doorstep when the house is full.
std::size_t HttpServer::room() {
  const std::size_t places = shared_->limits.max_connections;
  if (connections_.size() >= places && !strangers_.empty()) {
    ++shared_->counters.refused;
    const std::shared_ptr<HttpConnection> oldest = connections_.at(*strangers_.begin());
    oldest->close();
  }
  return places - std::min(places, connections_.size());
}

void HttpServer::let_in(net::Tcp::socket socket) {
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
  strangers_.insert(number);
  const std::shared_ptr<HttpConnection> connection = found->second;
  connection->start();
}

void HttpServer::forget(std::uint64_t number) {
  connections_.erase(number);
  strangers_.erase(number);
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
