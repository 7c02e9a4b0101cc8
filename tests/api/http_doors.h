// HTTP ports in front of the members of a cluster, and one request to one of them.
#pragma once

#include <map>
#include <string>

#include "base/text.h"
#include "net/api/http_gateway.h"
#include "tests/api/real_cluster.h"
#include "tests/http/http_client.h"

namespace lockstep::tests {

struct HttpAnswer {
  int status = 0;  // 0: none came
  std::string head;
  std::string body;
  bool says(std::string_view header) const { return head.find(header) != std::string::npos; }
};

// For the test's thread; a port goes with its member.
class HttpDoors {
 public:
  // `security` outlives the ports; none: in the clear. `hub`: what every member's hub tells.
  explicit HttpDoors(RealCluster& cluster, net::Security* security = nullptr, const api::HubLook& hub = {},
                     std::size_t most_written_bytes = api::HttpOptions{}.most_written_bytes) {
    cluster.on_loop([&] {
      std::map<NodeId, net::Tcp::acceptor> acceptors;
      for (const NodeId node : cluster.members()) {
        acceptors.emplace(node, *net::listen(cluster.loop().context(), {.host = "127.0.0.1", .port = 0}));
        addresses_[node] = acceptors.at(node).local_endpoint();
        members_[node] = {
            .native = net::to_string(cluster.native(node)),
            .origin = cat(security != nullptr ? "https://" : "http://", net::to_string(addresses_[node]))};
      }
      for (auto& [node, acceptor] : acceptors) {
        api::HttpSite site{
            .self = node, .cluster = "t", .version = "1", .sqlite = "s\"1", .members = members_};
        auto port = std::make_shared<std::unique_ptr<api::HttpGateway>>(std::make_unique<api::HttpGateway>(
            cluster.gateway(node),
            api::HttpOptions{
                .site = site, .security = security, .hub = hub, .most_written_bytes = most_written_bytes}));
        (*port)->serve(std::move(acceptor));
        cluster.attach(node, [port] { port->reset(); });
      }
    });
  }

  const net::Tcp::endpoint& address(NodeId node) const { return addresses_.at(node); }
  std::string origin(NodeId node) const { return members_.at(node).origin; }

  HttpAnswer ask(NodeId node, std::string_view method, std::string_view path, std::string_view headers = "",
                 std::string_view body = "") {
    const std::string host = headers.find("Host:") == headers.npos ? "Host: localhost\r\n" : "";
    const std::string length = body.empty() ? "" : cat("Content-Length: ", body.size(), "\r\n");
    HttpClient client(loop_, addresses_.at(node));
    client.say(cat(method, " ", path, " HTTP/1.1\r\n", host, headers, length, "\r\n", body));
    const std::string whole = client.response(method != "HEAD");
    const std::size_t end = whole.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    return {.status = std::stoi(whole.substr(9, 3)),
            .head = whole.substr(0, end + 2),
            .body = whole.substr(end + 4)};
  }

 private:
  net::EventLoop loop_;  // of the clients
  std::map<NodeId, net::Tcp::endpoint> addresses_;
  std::map<NodeId, api::HttpSite::Member> members_;
};

}  // namespace lockstep::tests
