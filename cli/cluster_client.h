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
  net::TlsFiles tls;                                   // without an authority: in the clear
  Duration attempt_timeout = std::chrono::seconds(1);  // then another node is asked; longer than writes pause
  // With those who have not answered the introduction when the first has.
  Duration patience_with_others = std::chrono::milliseconds(500);
};

// A node that has not answered since it was first asked.
struct AbsentNode {
  NodeAddress node;
  std::string trouble;  // "Connection refused"
};

// SQL text without parameters.
wire::Statement statement_of(std::string_view sql);

class ClusterClient {
 public:
  // Asks every node who it is. Those that do not answer and have no number are asked again when a call takes
  // long. kUnavailable if nobody answers; kInvalidArgument if they belong to different clusters or are one
  // and the same.
  static Result<std::unique_ptr<ClusterClient>> connect(const std::vector<NodeAddress>& nodes,
                                                        const ConnectOptions& options);
  // All have numbers; nobody is asked anything yet.
  static Result<std::unique_ptr<ClusterClient>> without_introduction(const std::vector<NodeAddress>& nodes,
                                                                     const ConnectOptions& options);
  ~ClusterClient();

  const std::vector<NodeAddress>& nodes() const { return nodes_; }
  const std::vector<AbsentNode>& absent() const { return absent_; }

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
  // A request as it is, past the library: a retry by hand, for instance. nullopt: no answer in time, or the
  // node cannot be reached.
  std::optional<wire::Reply> ask(NodeId node, wire::Request request, Duration timeout);

  // From now on whoever waits for more than a second is told, once a call, what for; and which node has come
  // in.
  using Tell = std::function<void(const std::string& line)>;
  void tell_of_waiting(Tell tell) { tell_ = std::move(tell); }
  // From now on SIGINT ends the call that is waited for, as its deadline would, and not this process.
  void catch_interrupts();
  // SIGINT has ended the last call.
  bool was_interrupted() const { return interrupted_; }

  // What went wrong with a call, for people, with what is known about the nodes: "no success in time: no
  // answer (n1 at 127.0.0.1:4001: Connection refused)". `at`: the only node that was asked.
  std::string trouble_of(const client::Completion& completion, std::optional<NodeId> at = {}) const;

 private:
  static constexpr Duration kTimeout = std::chrono::seconds(15);
  class Process;

  ClusterClient() = default;
  static Result<std::unique_ptr<ClusterClient>> create(const ConnectOptions& options);
  Status introduce(const std::vector<NodeAddress>& nodes, const ConnectOptions& options);
  void open(const ConnectOptions& options);
  void wait_for_interrupt();
  enum class Kind { kRead, kWrite };
  client::Completion wait(Kind kind, const std::function<void(client::ClientProcess::Then)>& call);
  void while_waiting();
  void ask_absent_again();
  std::string reasons(const wire::Reply* last, std::optional<NodeId> at) const;

  std::vector<NodeAddress> nodes_;
  std::vector<AbsentNode> absent_;
  ClusterId cluster_;  // none: any
  std::string token_;
  std::unique_ptr<net::TlsSecurity> security_;  // none: in the clear
  net::EventLoop loop_;
  std::optional<net::asio::signal_set> interrupts_;  // none: SIGINT ends the process
  bool interrupted_ = false;
  bool waiting_ = false;
  Kind kind_ = Kind::kRead;  // of the last call
  Tell tell_;                // none: nobody wants to know
  std::unique_ptr<net::Host> host_;
  Process* process_ = nullptr;  // the host's actor
};

}  // namespace lockstep::cli
