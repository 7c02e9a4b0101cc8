// The phases of a connection.
#include "net/api/http_connection.h"

#include <ctime>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::api {
namespace {

// An idle connection should cost little, a large body few system calls.
constexpr std::size_t kIdleReadBytes = 4 << 10;
constexpr std::size_t kBodyReadBytes = 64 << 10;
// A slow reader has the write time-out for each piece, not for the whole.
constexpr std::size_t kPieceBytes = 256 << 10;
constexpr std::size_t kMostReadAheadBytes = 16 << 10;
constexpr std::size_t kMostLingerBytes = 64 << 20;

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto two = [](int number) { return cat(number < 10 ? "0" : "", number); };
  return cat(kDays[parts.tm_wday], ", ", two(parts.tm_mday), " ", kMonths[parts.tm_mon], " ",
             parts.tm_year + 1900, " ", two(parts.tm_hour), ":", two(parts.tm_min), ":", two(parts.tm_sec),
             " GMT");
}

}  // namespace

HttpConnection::HttpConnection(net::EventLoop& loop, std::shared_ptr<HttpServer::Shared> shared,
                               std::uint64_t number, std::unique_ptr<net::Stream> stream)
    : timer_(loop.context()), shared_(std::move(shared)), number_(number), stream_(std::move(stream)) {}

HttpConnection::~HttpConnection() {
  shared_->bodies_bytes -= body_bytes_;
  shared_->pool->change(held_bytes_, 0);
}

void HttpConnection::start() {
  wait_at_most(shared_->limits.head_timeout);  // who connects has something to ask
  receive();
}

void HttpConnection::close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  count_body(0);
  timer_.cancel();
  stream_->close();
  if (const auto gone = std::exchange(visit_->on_gone, nullptr)) gone();
  visit_->kept.reset();
  if (shared_->server != nullptr) shared_->server->forget(number_);
}

void HttpConnection::close_if_idle() {
  if (phase_ == Phase::kIdle) close();
}

void HttpConnection::give_way(const std::string& why) {
  const bool in_request = phase_ == Phase::kHead || phase_ == Phase::kBody;
  if (!in_request || writing_) return close();
  parser_.reset();
  received_ = {};
  refuse(http_error(503, "overloaded", why, true));
}

// ---- time --------------------------------------------------------------------------------------------

void HttpConnection::enter(Phase phase) {
  phase_ = phase;
  switch (phase) {
    case Phase::kIdle: return wait_at_most(shared_->limits.idle_timeout);
    case Phase::kHead: return wait_at_most(shared_->limits.head_timeout);
    case Phase::kBody: return wait_at_most(shared_->limits.body_timeout);
    case Phase::kWriting: return wait_at_most(shared_->limits.write_timeout);
    case Phase::kLingering: return wait_at_most(shared_->limits.linger);
    case Phase::kAnswering: return wait_without_end();  // of the handler's time, not of the client's
    case Phase::kClosed: return;
  }
}

void HttpConnection::wait_at_most(Duration duration) {
  wait_without_end();
  timer_.expires_after(duration);
  timer_.async_wait([self = shared_from_this(), wait = waits_](const net::IoError& error) {
    if (!error && wait == self->waits_ && self->phase_ != Phase::kClosed) self->on_timeout();
  });
}

void HttpConnection::wait_without_end() {
  ++waits_;
  timer_.cancel();
}

void HttpConnection::on_timeout() {
  if (phase_ != Phase::kIdle && phase_ != Phase::kLingering) ++shared_->counters.timeouts;
  const bool in_request = phase_ == Phase::kHead || phase_ == Phase::kBody;
  if (!in_request || writing_) return close();
  refuse(http_error(408, "timeout", "expected the whole request sooner", true));
}

// ---- a request arrives -------------------------------------------------------------------------------

void HttpConnection::receive() {
  if (input_ended_ || std::exchange(reading_, true)) return;
  const std::size_t room =
      phase_ == Phase::kBody || phase_ == Phase::kLingering ? kBodyReadBytes : kIdleReadBytes;
  if (chunk_.capacity() > 2 * room) chunk_ = {};
  chunk_.resize(room);
  count_held();
  stream_->read_some(net::asio::buffer(chunk_),
                     [self = shared_from_this()](const net::IoError& error, std::size_t bytes) {
                       self->reading_ = false;
                       if (self->phase_ == Phase::kClosed) return;
                       if (error) return self->on_end_of_input();
                       self->take(bytes);
                     });
}

// While a response is on its way the client may just have nothing more to ask.
void HttpConnection::on_end_of_input() {
  input_ended_ = true;
  const bool is_owed = phase_ == Phase::kAnswering || phase_ == Phase::kWriting;
  if (!is_owed || visit_->on_gone) close();
}

void HttpConnection::take(std::size_t bytes) {
  shared_->counters.bytes_received += bytes;
  if (phase_ == Phase::kLingering) {
    lingered_bytes_ += bytes;
    return lingered_bytes_ > kMostLingerBytes ? close() : receive();
  }
  if (refused_) return;  // meanwhile; linger() reads on
  if (phase_ == Phase::kAnswering || phase_ == Phase::kWriting) return read_ahead(bytes);
  if (phase_ == Phase::kIdle) enter(Phase::kHead);
  received_.append(chunk_, 0, bytes);
  parse();
}

// The next request has its turn later. It is read only so far that the end of the connection would be
// noticed.
void HttpConnection::read_ahead(std::size_t bytes) {
  received_.append(chunk_, 0, bytes);
  count_held();
  if (received_.size() < kMostReadAheadBytes) receive();
}

void HttpConnection::parse() {
  if (!parser_) parser_.emplace(shared_->limits.max_header_bytes, shared_->limits.max_body_bytes);
  const bool had_head = parser_->has_head();
  const std::size_t taken = parser_->put(received_);
  received_.erase(0, taken);
  if (parser_->failure()) return refuse(*parser_->failure());
  count_body(parser_->body_bytes());
  if (shared_->bodies_bytes > shared_->limits.max_bodies_bytes) {
    return refuse(http_error(503, "overloaded", "too many large requests at once: try again later", true));
  }
  if (parser_->has_head() && shared_->server != nullptr) shared_->server->strangers_.erase(number_);
  if (parser_->is_done()) return on_request();
  // The parser keeps nothing: what it has not taken is the head of a chunk, which may have extensions without
  // end.
  if (parser_->has_head() && had_head && received_.size() > shared_->limits.max_header_bytes) {
    return refuse(http_error(431, "too_large", "expected chunks with shorter heads"));
  }
  if (!had_head && parser_->has_head()) return on_head();
  receive();
}

void HttpConnection::on_head() {
  enter(Phase::kBody);
  if (!received_.empty() || !parser_->expects_continue()) return parse();
  outgoing_ = "HTTP/1.1 100 Continue\r\n\r\n";
  writing_ = true;
  stream_->write(net::asio::buffer(outgoing_),
                 [self = shared_from_this()](const net::IoError& error, std::size_t) {
                   self->writing_ = false;
                   if (self->phase_ != Phase::kBody) return;
                   if (error) return self->close();
                   self->receive();
                 });
}

void HttpConnection::on_request() {
  keep_alive_ = parser_->keep_alive() && !shared_->stopping;
  HttpRequest request = parser_->take();
  parser_.reset();
  head_only_ = request.method == HttpMethod::kHead;
  request.remote = stream_->remote();
  request.visit = visit_;
  enter(Phase::kAnswering);
  receive();
  const std::uint64_t number = ++requests_;
  if (!shared_->handler) return close();
  shared_->handler(std::move(request), [self = weak_from_this(), number](HttpResponse response) {
    if (const auto connection = self.lock()) connection->respond(number, std::move(response));
  });
}

// Bytes of the request at hand, for the limit of all together.
void HttpConnection::count_body(std::size_t bytes) {
  shared_->bodies_bytes += bytes;
  shared_->bodies_bytes -= std::exchange(body_bytes_, bytes);
  count_held();
}

void HttpConnection::count_held() {
  const std::size_t held = phase_ == Phase::kClosed ? 0
                                                    : chunk_.capacity() + received_.capacity() + body_bytes_ +
                                                          outgoing_.capacity();
  shared_->pool->change(std::exchange(held_bytes_, held), held);
}

// ---- a response leaves -------------------------------------------------------------------------------

void HttpConnection::respond(std::uint64_t request, HttpResponse response) {
  if (phase_ == Phase::kClosed) return;
  CHECK(phase_ == Phase::kAnswering && request == requests_, "a second response to request ", request);
  if (shared_->stopping || input_ended_) keep_alive_ = false;
  visit_->on_gone = nullptr;
  send(response);
}

void HttpConnection::refuse(const HttpResponse& response) {
  refused_ = true;
  keep_alive_ = false;
  send(response);
}

void HttpConnection::send(const HttpResponse& response) {
  count_body(0);
  ++shared_->counters.responses[response.status];
  outgoing_ = cat("HTTP/1.1 ", response.status, " ", reason_phrase(response.status),
                  "\r\nServer: lockstep\r\nDate: ", date_now(), "\r\nX-Content-Type-Options: nosniff\r\n");
  if (response.status != 204) {
    outgoing_ +=
        cat("Content-Type: ", response.content_type, "\r\nContent-Length: ", response.body.size(), "\r\n");
  }
  for (const auto& [name, value] : response.headers) outgoing_ += cat(name, ": ", value, "\r\n");
  outgoing_ += keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (!head_only_ && response.status != 204) outgoing_ += response.body;
  count_held();
  sent_ = 0;
  write_next();
}

void HttpConnection::write_next() {
  if (sent_ == outgoing_.size()) return written();
  enter(Phase::kWriting);
  const std::size_t piece = std::min(kPieceBytes, outgoing_.size() - sent_);
  stream_->write(net::asio::buffer(outgoing_.data() + sent_, piece),
                 [self = shared_from_this(), piece](const net::IoError& error, std::size_t) {
                   if (self->phase_ == Phase::kClosed) return;
                   if (error) return self->close();
                   self->shared_->counters.bytes_sent += piece;
                   self->sent_ += piece;
                   self->write_next();
                 });
}

void HttpConnection::written() {
  outgoing_ = {};
  if (refused_) return linger();
  if (!keep_alive_ || (input_ended_ && received_.empty())) return close();
  enter(Phase::kIdle);
  if (received_.empty()) return receive();
  enter(Phase::kHead);
  parse();
}

// Closing while the client still sends would reset the connection, and the client might never see why it was
// refused.
void HttpConnection::linger() {
  enter(Phase::kLingering);
  stream_->finish();
  parser_.reset();
  received_ = {};
  receive();
}

}  // namespace lockstep::api
