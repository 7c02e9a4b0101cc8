// Members in one process as the program runs them: loopback sockets, files, threads; one loop on a thread of
// its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "core/service/node.h"
#include "net/api/gateway.h"
#include "tests/temporary_directory.h"

namespace lockstep::tests {

struct ClusterOptions {
  std::uint64_t nodes = 3;
  Duration pause_before_commit{};  // above zero: writes are two-phase
  std::shared_ptr<const api::TokenTable> tokens{};
  api::GatewayOptions gateway{};  // its tokens are those above
  net::TransportLimits limits{};
};

// Everything public is for the test's thread.
class RealCluster {
 public:
  explicit RealCluster(ClusterOptions options);
  ~RealCluster();

  std::vector<NodeId> members() const;
  net::Endpoint native(NodeId node) const { return endpoints_.at(node); }
  // Waits for one that can serve.
  NodeId leader();
  // A member that follows `leader()`.
  NodeId follower();
  void kill(NodeId node);

  // On the loop; returns when it has been done.
  void on_loop(const std::function<void()>& work);
  // On the loop: what ends before this member does, for example a port of another protocol.
  void attach(NodeId node, std::function<void()> end) { members_.at(node)->ends.push_back(std::move(end)); }
  net::EventLoop& loop() { return loop_; }
  api::Gateway& gateway(NodeId node) { return *members_.at(node)->gateway; }
  net::Host& host(NodeId node) { return *members_.at(node)->host; }

  // Through the gateway of this node.
  wire::Reply call(NodeId node, wire::Request request, api::Access access = api::Access::kAdmin,
                   Duration timeout = std::chrono::seconds(20));
  wire::Reply execute(NodeId node, const std::string& sql);

  static constexpr ClusterId kCluster{7};

 private:
  struct Member {
    std::unique_ptr<net::Host> host;
    std::unique_ptr<api::Gateway> gateway;
    std::vector<std::function<void()>> ends;
    ~Member();
  };

  void start(NodeId node);
  NodeId leader_now();

  ClusterOptions options_;
  TemporaryDirectory directory_;
  net::EventLoop loop_;
  std::map<NodeId, net::Endpoint> endpoints_;
  std::map<NodeId, std::unique_ptr<Member>> members_;
  std::thread thread_;
};

wire::Request write_request(const std::string& sql);
wire::Request query_request(const std::string& sql, wire::ReadLevel level = wire::LINEARIZABLE);

}  // namespace lockstep::tests
