// HTTP/JSON over the gateway: which path asks what of the node, for whom, and from where. docs/api.md has the
// routes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/proto/dispatch.pb.h"
#include "net/api/browsers.h"
#include "net/api/gateway.h"
#include "net/api/http_server.h"
#include "net/api/json_replies.h"
#include "net/api/json_requests.h"
#include "net/api/node_report.h"

namespace lockstep::api {

// What the hub of this node tells the cloud; none while it does not lead.
using HubLook = std::function<std::optional<wire::StatusReport>()>;

struct HttpOptions {
  HttpSite site;
  HttpLimits limits = {};
  net::Security* security = nullptr;  // none: in the clear
  HubLook hub = {};                   // none: this node has no hub
  // Of replies that are being made into JSON: then no other large one is begun.
  std::size_t most_written_bytes = std::size_t{64} << 20;
};

// On the loop's thread; large JSON is read and written on a thread of its own, so that the node goes on.
class HttpGateway {
 public:
  // `gateway` and `options.security` outlive it. Destroyed before the gateway.
  HttpGateway(Gateway& gateway, HttpOptions options);
  ~HttpGateway();

  // May be called for several sockets.
  void serve(net::Tcp::acceptor acceptor) { server_.serve(std::move(acceptor)); }
  // Accepts nobody any more; what is under way is answered.
  void stop() { server_.stop(); }

 private:
  // A request on its way to a response.
  struct Exchange {
    HttpRequest request;
    HttpRespond respond;
    Access access = Access::kRead;
    std::string rest;  // of a path behind its route: "accounts" of "/v1/version/accounts"
  };
  using ExchangePtr = std::shared_ptr<Exchange>;
  using Handle = void (HttpGateway::*)(const ExchangePtr&);
  struct Route {
    HttpMethod method;
    std::string_view path;  // ends with '/': more follows
    Handle handle;
    bool is_public = false;  // needs no token
    bool is_shared = false;  // the dashboards of other members may read it

    bool leads_on() const { return path.size() > 1 && path.ends_with('/'); }
    bool matches(std::string_view asked) const {
      return leads_on() ? asked.starts_with(path) : asked == path;
    }
  };
  static const std::vector<Route>& routes();

  void handle(HttpRequest request, HttpRespond respond);
  void dispatch(const ExchangePtr& exchange);
  void answer_options(const ExchangePtr& exchange);
  void answer_unrouted(const ExchangePtr& exchange);

  void get_dashboard(const ExchangePtr& exchange);
  void get_health(const ExchangePtr& exchange);
  void get_ready(const ExchangePtr& exchange);
  void get_status(const ExchangePtr& exchange);
  void get_raft(const ExchangePtr& exchange);
  void get_metrics(const ExchangePtr& exchange);
  void post_execute(const ExchangePtr& exchange);
  void post_query(const ExchangePtr& exchange);
  void post_session(const ExchangePtr& exchange);
  void delete_session(const ExchangePtr& exchange);
  void get_version(const ExchangePtr& exchange);

  void report(const std::function<void(const NodeReport&)>& then);
  void post(const ExchangePtr& exchange, Result<JsonCall> (*parse)(std::string_view));
  void call(const ExchangePtr& exchange, Result<JsonCall> asked);
  void answer(const ExchangePtr& exchange, const JsonCall& asked, wire::Reply& reply);
  // Runs `work` here if it is small, else on the other thread, and then `then` here.
  template <class T>
  void compute(std::size_t bytes, std::function<T()> work, std::function<void(T)> then);

  Gateway& gateway_;
  HttpSite site_;
  HubLook hub_;
  HttpOrigins origins_;
  std::size_t most_written_bytes_;
  Browsers browsers_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  HttpServer server_;
  std::size_t written_bytes_ = 0;  // of replies that are being made into JSON
  net::asio::thread_pool worker_{1};
};

}  // namespace lockstep::api
