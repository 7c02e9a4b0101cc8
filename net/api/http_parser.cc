// What Beast finds wrong, in words.
#include "net/api/http_parser.h"

// clang-format off
#include <utility>
#include <boost/beast/http.hpp>
// clang-format on

#include "base/text.h"
#include "net/asio.h"

namespace lockstep::api {
namespace {

namespace http = boost::beast::http;

// A body that takes memory as it arrives, not as it is announced.
struct ArrivingBody {
  using value_type = std::string;

  static std::uint64_t size(const value_type& body) { return body.size(); }

  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(http::header<kIsRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, net::IoError& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, net::IoError& error) {
      error = {};
      std::size_t size = 0;
      for (const net::asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      return size;
    }
    void finish(net::IoError& error) { error = {}; }

   private:
    value_type& body_;
  };
};

HttpResponse explain(const net::IoError& error, std::size_t max_header_bytes, std::size_t max_body_bytes) {
  if (error == http::error::body_limit) {
    return http_error(413, "too_large", cat("expected a body of at most ", max_body_bytes, " bytes"));
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return http_error(431, "too_large", cat("expected a head of at most ", max_header_bytes, " bytes"));
  }
  if (error == http::error::bad_version) {
    return http_error(505, "bad_version", "expected HTTP/1.0 or HTTP/1.1");
  }
  return http_error(400, "bad_request", cat("expected an HTTP/1.1 request: ", error.message()));
}

HttpMethod method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return HttpMethod::kGet;
    case http::verb::head: return HttpMethod::kHead;
    case http::verb::post: return HttpMethod::kPost;
    case http::verb::delete_: return HttpMethod::kDelete;
    case http::verb::options: return HttpMethod::kOptions;
    default: return HttpMethod::kOther;
  }
}

}  // namespace

struct HttpParser::Machine {
  http::request_parser<ArrivingBody> parser;
  std::size_t max_header_bytes;
  std::size_t max_body_bytes;
};

HttpParser::HttpParser(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : machine_(std::make_unique<Machine>()) {
  machine_->max_header_bytes = max_header_bytes;
  machine_->max_body_bytes = max_body_bytes;
  machine_->parser.header_limit(static_cast<std::uint32_t>(max_header_bytes));
  machine_->parser.body_limit(max_body_bytes);
}

HttpParser::~HttpParser() = default;
HttpParser::HttpParser(HttpParser&&) noexcept = default;

std::size_t HttpParser::put(std::string_view bytes) {
  std::size_t taken = 0;
  const bool had_head = has_head();
  while (!failure_ && !is_done() && has_head() == had_head && taken < bytes.size()) {
    net::IoError error;
    const std::size_t more = machine_->parser.put(net::asio::buffer(bytes.substr(taken)), error);
    taken += more;
    if (error == http::error::need_more) break;
    if (error) failure_ = explain(error, machine_->max_header_bytes, machine_->max_body_bytes);
    if (more == 0) break;
  }
  if (!failure_ && !had_head && has_head()) check_head();
  return taken;
}

void HttpParser::check_head() {
  const auto& head = machine_->parser.get();
  const auto hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) {
    failure_ = http_error(400, "bad_request", cat("expected one Host header, found ", hosts));
  }
}

bool HttpParser::has_head() const { return machine_->parser.is_header_done(); }
bool HttpParser::is_done() const { return machine_->parser.is_done(); }
std::size_t HttpParser::body_bytes() const { return machine_->parser.get().body().size(); }
bool HttpParser::keep_alive() const { return machine_->parser.keep_alive(); }

bool HttpParser::expects_continue() const {
  const auto& head = machine_->parser.get();
  return head.version() >= 11 && boost::beast::iequals(head[http::field::expect], "100-continue");
}

HttpRequest HttpParser::take() {
  auto message = machine_->parser.release();
  const auto header = [&](http::field name) { return std::string(message[name]); };
  HttpRequest request{.method = method_of(message.method()),
                      .path = std::string(message.target()),
                      .query = {},
                      .host = header(http::field::host),
                      .origin = header(http::field::origin),
                      .authorization = header(http::field::authorization),
                      .content_type = header(http::field::content_type),
                      .body = std::move(message.body()),
                      .remote = {}};
  for (const std::string_view scheme : {"http://", "https://"}) {  // RFC 7230 §5.3.2, absolute form
    if (!request.path.starts_with(scheme)) continue;
    const std::size_t slash = request.path.find('/', scheme.size());
    request.path = slash == std::string::npos ? "/" : request.path.substr(slash);
  }
  const std::size_t mark = request.path.find('?');
  if (mark != std::string::npos) {
    request.query = request.path.substr(mark + 1);
    request.path.resize(mark);
  }
  return request;
}

}  // namespace lockstep::api
