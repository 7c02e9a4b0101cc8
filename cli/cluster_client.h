// A client of a running cluster for commands: one call at a time, waited for.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/address.h"
#include "core/client/client_process.h"
#include "net/host.h"
#include "net/tls.h"

namespace lockstep::cli {

// A node as a command names it.
struct NodeAddress {
  NodeId id;  // none: ask whoever listens there
  config::Address address;
};

// "127.0.0.1:4001,2=127.0.0.1:4011": addresses, each with its node's number or without.
Result<std::vector<NodeAddress>> parse_nodes(std::string_view text);

struct ConnectOptions {
  ClusterId cluster{};  // none: that of whoever answers
  std::string token;
  net::TlsFiles tls;  // without an authority: in the clear
  Duration attempt_timeout = std::chrono::seconds(1);  // then another node is asked; longer than writes pause
};

// SQL text without parameters.
wire::Statement statement_of(std::string_view sql);

class ClusterClient {
 public:
  // Nodes without a number are asked for it; those that do not answer are left out and remarked on.
  // kUnavailable if none is left; kInvalidArgument if they belong to different clusters or are one and the
  // same.
  static Result<std::unique_ptr<ClusterClient>> connect(
      const std::vector<NodeAddress>& nodes, const ConnectOptions& options,
      const std::function<void(const std::string&)>& remark);
  ~ClusterClient();

  const std::vector<NodeAddress>& nodes() const { return nodes_; }

  client::Completion write(std::vector<wire::Statement> statements, client::WriteOptions options = {},
                           Duration timeout = kTimeout);
  client::Completion query(wire::Statement statement, client::ReadOptions options = {},
                           Duration timeout = kTimeout);
  // 0: never written. An error: no answer.
  Result<std::uint64_t> version(const std::string& table, std::optional<NodeId> at = {},
                                Duration timeout = kTimeout);
  Result<wire::StatusReply> status(NodeId node, Duration timeout = kTimeout);
  // VACUUM or ANALYZE, on every node.
  client::Completion maintain(wire::Maintain::What what, Duration timeout = kTimeout);
  // A request as it is, past the library: a retry by hand, for instance. nullopt: no answer in time.
  std::optional<wire::Reply> ask(NodeId node, wire::Request request, Duration timeout = kTimeout);

 private:
  static constexpr Duration kTimeout = std::chrono::seconds(15);
  class Process;

  explicit ClusterClient(std::vector<NodeAddress> nodes) : nodes_(std::move(nodes)) {}
  void open(const ConnectOptions& options);
  client::Completion wait(const std::function<void(client::ClientProcess::Then)>& call);

  std::vector<NodeAddress> nodes_;
  std::unique_ptr<net::TlsSecurity> security_;  // none: in the clear
  net::EventLoop loop_;
  std::unique_ptr<net::Host> host_;
  Process* process_ = nullptr;  // the host's actor
};

// What went wrong with a call, for people: "no answer in time", "OVERLOADED: ...".
std::string trouble_of(const client::Completion& completion);

}  // namespace lockstep::cli
