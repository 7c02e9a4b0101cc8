// A request and its response, as those who answer see them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::api {

enum class HttpMethod { kGet, kHead, kPost, kDelete, kOptions, kOther };

// What those who answer keep about a connection.
struct HttpVisit {
  std::shared_ptr<void> kept;  // until it is closed
  // The client has closed its side and waits for nothing: the connection is closed. None: it may have said
  // only that it asks nothing more, and is answered all the same.
  std::function<void()> on_gone;
};

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string path;   // as sent: "/v1/version/accounts"
  std::string query;  // what stood behind '?'
  std::string host;   // the header
  std::string origin;
  std::string authorization;
  std::string content_type;
  std::string body;
  std::string remote;  // "127.0.0.1:40312"
  std::shared_ptr<HttpVisit> visit = {};
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

// Called once, on the loop, at once or later; of no effect when the connection is gone.
using HttpRespond = std::function<void(HttpResponse)>;
using HttpHandler = std::function<void(HttpRequest, HttpRespond)>;

// "Not Found"
std::string_view reason_phrase(int status);

// "a%20b" is "a b"; false: a '%' without two hex digits.
bool percent_decode(std::string_view text, std::string& out);

// What every refusal looks like: {"error": {"code": ..., "message": ..., "retryable": ...}}.
HttpResponse http_error(int status, std::string_view code, std::string_view message, bool retryable = false);

}  // namespace lockstep::api
