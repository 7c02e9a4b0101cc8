// Routes and tokens; then requests become calls of the gateway.
#include "net/api/http_gateway.h"

#include <charconv>

#include "net/api/dashboard.h"
#include "net/api/json_writer.h"
#include "net/api/metrics.h"

namespace lockstep::api {
namespace {

// JSON of this size takes well under a millisecond to read or write.
constexpr std::size_t kSmallBytes = 16 << 10;
constexpr Duration kStatusTimeout = std::chrono::seconds(2);

HttpOrigins origins_of(const HttpSite& site) {
  HttpOrigins origins;
  for (const auto& [id, member] : site.members)
    if (!member.origin.empty()) origins[id] = member.origin;
  return origins;
}

// Whoever is told that it is overloaded tries again: of what was executed that is never said.
wire::Reply executed_but_too_large() {
  wire::Reply reply;
  reply.set_status(wire::TIMED_OUT);
  reply.set_message("too many large answers at once: what this write returns cannot be told now");
  return reply;
}

std::string_view name_of(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet: return "GET, HEAD";
    case HttpMethod::kPost: return "POST";
    case HttpMethod::kDelete: return "DELETE";
    default: return "";
  }
}

}  // namespace

const std::vector<HttpGateway::Route>& HttpGateway::routes() {
  using enum HttpMethod;
  static const std::vector<Route> kRoutes = {
      {.method = kGet, .path = "/", .handle = &HttpGateway::get_dashboard, .is_public = true},
      {.method = kGet, .path = "/healthz", .handle = &HttpGateway::get_health, .is_public = true},
      {.method = kGet, .path = "/readyz", .handle = &HttpGateway::get_ready, .is_public = true},
      {.method = kGet, .path = "/status", .handle = &HttpGateway::get_status, .is_shared = true},
      {.method = kGet, .path = "/raft", .handle = &HttpGateway::get_raft, .is_shared = true},
      {.method = kGet, .path = "/metrics", .handle = &HttpGateway::get_metrics, .is_shared = true},
      {.method = kPost, .path = "/v1/execute", .handle = &HttpGateway::post_execute},
      {.method = kPost, .path = "/v1/query", .handle = &HttpGateway::post_query},
      {.method = kPost, .path = "/v1/session", .handle = &HttpGateway::post_session},
      {.method = kDelete, .path = "/v1/session/", .handle = &HttpGateway::delete_session},
      {.method = kGet, .path = "/v1/version/", .handle = &HttpGateway::get_version},
  };
  return kRoutes;
}

HttpGateway::HttpGateway(Gateway& gateway, HttpOptions options)
    : gateway_(gateway),
      site_(std::move(options.site)),
      hub_(std::move(options.hub)),
      origins_(origins_of(site_)),
      most_written_bytes_(options.most_written_bytes),
      browsers_(site_.is_loopback, origins_),
      server_(
          gateway.loop(), options.limits,
          [this](HttpRequest request, HttpRespond respond) {
            handle(std::move(request), std::move(respond));
          },
          options.security, gateway.host().transport().doorkeeper().pool()) {}

HttpGateway::~HttpGateway() {
  *alive_ = false;
  worker_.join();
}

// ---- who asks, from where, for what ------------------------------------------------------------------

void HttpGateway::handle(HttpRequest request, HttpRespond respond) {
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->respond = std::move(respond);
  const bool is_open = gateway_.authenticate("").has_value();
  if (is_open && browsers_.are_led_here(exchange->request)) {
    return exchange->respond(
        http_error(421, "wrong_host",
                   "expected a Host of this machine, such as localhost: a name of another "
                   "site must not lead browsers here"));
  }
  if (exchange->request.method == HttpMethod::kOptions) return answer_options(exchange);
  dispatch(exchange);
}

void HttpGateway::dispatch(const ExchangePtr& exchange) {
  const HttpRequest& request = exchange->request;
  const HttpMethod method = request.method == HttpMethod::kHead ? HttpMethod::kGet : request.method;
  for (const Route& route : routes()) {
    if (route.method != method || !route.matches(request.path)) continue;
    if (route.is_shared && browsers_.may_read_from(request.origin)) {
      exchange->respond = [respond = std::move(exchange->respond),
                           origin = request.origin](HttpResponse response) {
        share_with(origin, response);
        respond(std::move(response));
      };
    }
    const auto access = gateway_.authenticate(bearer_token(request.authorization));
    if (!access && !route.is_public) {
      HttpResponse refused = http_error(401, "unauthenticated", access.error().message);
      refused.headers.emplace_back("WWW-Authenticate", "Bearer");
      return exchange->respond(std::move(refused));
    }
    exchange->access = access.value_or(Access::kRead);
    if (route.leads_on() && !percent_decode(request.path.substr(route.path.size()), exchange->rest)) break;
    return (this->*route.handle)(exchange);
  }
  answer_unrouted(exchange);
}

void HttpGateway::answer_options(const ExchangePtr& exchange) {
  HttpResponse response{.status = 204};
  std::string allowed = "OPTIONS";
  bool is_shared = false;
  for (const Route& route : routes()) {
    if (exchange->request.path != "*" && !route.matches(exchange->request.path)) continue;
    if (allowed.find(name_of(route.method)) == std::string::npos) allowed += cat(", ", name_of(route.method));
    is_shared = is_shared || route.is_shared;
  }
  response.headers.emplace_back("Allow", allowed);
  if (is_shared && browsers_.may_read_from(exchange->request.origin)) {
    share_with(exchange->request.origin, response);
    response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization");
  }
  exchange->respond(std::move(response));
}

void HttpGateway::answer_unrouted(const ExchangePtr& exchange) {
  for (const Route& route : routes()) {
    if (!route.matches(exchange->request.path)) continue;
    if (route.method == exchange->request.method) break;  // its rest could not be read
    HttpResponse response = http_error(405, "method_not_allowed", cat("expected ", name_of(route.method)));
    response.headers.emplace_back("Allow", cat(name_of(route.method), ", OPTIONS"));
    return exchange->respond(std::move(response));
  }
  exchange->respond(
      http_error(404, "not_found", "there is nothing at this path; docs/api.md lists what there is"));
}

// ---- about the node ----------------------------------------------------------------------------------

void HttpGateway::get_dashboard(const ExchangePtr& exchange) { exchange->respond(dashboard_page(origins_)); }

void HttpGateway::get_health(const ExchangePtr& exchange) {
  report([exchange](const NodeReport& report) { exchange->respond({.body = health_json(report)}); });
}

void HttpGateway::get_ready(const ExchangePtr& exchange) {
  report([exchange](const NodeReport& report) {
    const std::string why_not = unready_because(report);
    if (!why_not.empty()) return exchange->respond(http_error(503, "not_ready", why_not, true));
    exchange->respond({.body = "{\"ready\":true}\n"});
  });
}

void HttpGateway::get_status(const ExchangePtr& exchange) {
  report([exchange](const NodeReport& report) { exchange->respond({.body = status_json(report)}); });
}

void HttpGateway::get_raft(const ExchangePtr& exchange) {
  report([this, exchange](const NodeReport& report) {
    if (!report.answers())
      return exchange->respond(respond_to(wire::Request::kStatus, report.reply, origins_));
    exchange->respond({.body = raft_json(report)});
  });
}

void HttpGateway::get_metrics(const ExchangePtr& exchange) {
  report([this, exchange](const NodeReport& report) {
    exchange->respond({.content_type = std::string(kMetricsType),
                       .body = metrics_text(report, hub_ ? hub_() : std::nullopt)});
  });
}

void HttpGateway::report(const std::function<void(const NodeReport&)>& then) {
  wire::Request request;
  request.mutable_status()->set_counters(true);
  gateway_.call(request, Access::kRead, kStatusTimeout, [this, alive = alive_, then](wire::Reply& reply) {
    if (!*alive) return;
    then(NodeReport{.site = site_,
                    .reply = std::move(reply),
                    .facts = gateway_.facts(),
                    .http = server_.counters(),
                    .http_connections = server_.connections(),
                    .grpc = gateway_.grpc(),
                    .disk_syncs = gateway_.host().disk().syncs(),
                    .process = process_facts()});
  });
}

// ---- the database ------------------------------------------------------------------------------------

void HttpGateway::post_execute(const ExchangePtr& exchange) { post(exchange, parse_execute); }
void HttpGateway::post_query(const ExchangePtr& exchange) { post(exchange, parse_query); }

void HttpGateway::post_session(const ExchangePtr& exchange) {
  JsonCall asked;
  asked.request.mutable_open_session();
  call(exchange, std::move(asked));
}

void HttpGateway::delete_session(const ExchangePtr& exchange) {
  std::uint64_t session = 0;
  const char* end = exchange->rest.data() + exchange->rest.size();
  const auto [stopped, error] = std::from_chars(exchange->rest.data(), end, session);
  if (error != std::errc() || stopped != end || session == 0) {
    return exchange->respond(
        http_error(400, "bad_request", "expected the number of a session behind /v1/session/"));
  }
  JsonCall asked;
  asked.request.mutable_close_session()->set_session(session);
  call(exchange, std::move(asked));
}

void HttpGateway::get_version(const ExchangePtr& exchange) {
  if (!is_utf8(exchange->rest)) {
    return exchange->respond(http_error(400, "bad_request", "expected the name of a table in UTF-8"));
  }
  JsonCall asked;
  asked.request.mutable_get_version()->set_table(exchange->rest);
  call(exchange, std::move(asked));
}

void HttpGateway::post(const ExchangePtr& exchange, Result<JsonCall> (*parse)(std::string_view)) {
  if (!is_asked_before(exchange->request)) {
    return exchange->respond(http_error(415, "unsupported_type", "expected Content-Type: application/json"));
  }
  compute<Result<JsonCall>>(
      exchange->request.body.size(), [exchange, parse] { return parse(exchange->request.body); },
      [this, exchange](Result<JsonCall> asked) { call(exchange, std::move(asked)); });
}

void HttpGateway::call(const ExchangePtr& exchange, Result<JsonCall> asked) {
  if (!asked) return exchange->respond(http_error(400, "bad_request", asked.error().message));
  exchange->request.body = {};
  HttpVisit& visit = *exchange->request.visit;
  if (!visit.kept) visit.kept = gateway_.receive_guest();
  const auto guest = std::static_pointer_cast<Guest>(visit.kept);
  const auto told = std::make_shared<JsonCall>(*std::move(asked));
  const std::uint64_t number = gateway_.call(
      told->request, exchange->access, told->timeout,
      [this, alive = alive_, exchange, told](wire::Reply& reply) {
        if (*alive) answer(exchange, *told, reply);
      },
      guest.get());
  if (told->request.has_query()) {
    visit.on_gone = [this, alive = alive_, number] {
      if (*alive) gateway_.withdraw(number);
    };
  }
}

// Answers in memory are made faster than they are written down.
void HttpGateway::answer(const ExchangePtr& exchange, const JsonCall& asked, wire::Reply& reply) {
  const auto what = asked.request.what_case();
  std::size_t bytes = reply.ByteSizeLong();
  if (bytes > kSmallBytes && written_bytes_ >= most_written_bytes_) {
    if (what == wire::Request::kQuery) {
      return exchange->respond(
          http_error(503, "overloaded", "too many large answers at once: try again later", true));
    }
    reply = executed_but_too_large();
    bytes = reply.ByteSizeLong();
  }
  written_bytes_ += bytes;
  const auto kept = std::make_shared<wire::Reply>(std::move(reply));
  compute<HttpResponse>(
      bytes,
      [this, what, kept, staleness = asked.max_staleness] {
        return respond_to(what, *kept, origins_, staleness);
      },
      [this, bytes, exchange](HttpResponse response) {
        written_bytes_ -= bytes;
        exchange->respond(std::move(response));
      });
}

template <class T>
void HttpGateway::compute(std::size_t bytes, std::function<T()> work, std::function<void(T)> then) {
  if (bytes <= kSmallBytes) return then(work());
  net::asio::post(worker_, [this, alive = alive_, work = std::move(work), then = std::move(then)]() mutable {
    auto result = std::make_shared<T>(work());
    gateway_.loop().post([alive, result, then = std::move(then)] {
      if (*alive) then(std::move(*result));
    });
  });
}

}  // namespace lockstep::api
