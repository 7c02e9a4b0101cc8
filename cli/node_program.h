// A node composed for the real world: its directory, its actor, its ports, and its end.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/data_directory.h"
#include "cli/disk_wait.h"
#include "cli/edge_presence.h"
#include "cli/hub_news.h"
#include "cli/spare_memory.h"
#include "config/node_settings.h"
#include "core/service/feed.h"
#include "core/service/node.h"
#include "core/service/standalone.h"
#include "hub/hub_process.h"
#include "net/api/access.h"
#include "net/api/gateway.h"
#include "net/api/grpc_server.h"
#include "net/api/http_gateway.h"
#include "net/faults/admin.h"
#include "net/host.h"
#include "net/tls.h"
#include "net/trace_ring.h"

namespace lockstep::cli {

// One at a time in a process: it takes the signals that end a process.
class NodeProgram final : private service::FeedSubscriber {
 public:
  // `allow_faults`: an operator may bring faults (docs/format/faults.md).
  NodeProgram(config::NodeSettings settings, bool allow_faults, std::shared_ptr<spdlog::logger> log,
              DiskWait& disk);

  // Everything that can be refused is refused here.
  Status start();
  // Who this is and where it listens, as one line.
  std::string introduction() const;
  enum class Ending : std::uint8_t {
    kLeft,         // a signal has ended it
    kLeftUntidy,   // the same, and its data could not be put away; the log says why
    kDiskFailed,   // before anybody was answered; in another life the disk may be well again
    kDiskIsWell,   // again: the node has stopped itself when it was not, and may begin another life
    kCannotBegin,  // its data are damaged or lost, maybe just now
  };
  Ending run();
  // Of the endings kDiskFailed and kCannotBegin.
  const Error& trouble() const { return *trouble_; }

 private:
  using Acceptor = net::Tcp::acceptor;

  Status open_security();
  Status claim_directory();
  Status take_tokens();
  Result<Acceptor> listen(const config::Address& address);
  Status open_trace();
  Status open_faults();
  net::Log remarks() const;
  net::HostOptions host_options() const;
  std::unique_ptr<env::Actor> make_actor(const env::Env& env);
  std::unique_ptr<env::Actor> make_node(const env::Env& env, service::FeedSubscriber* hub);
  // The ports of foreign protocols, on the gateway.
  Status open_grpc();
  Status open_http();
  void take_signals();
  void on_signal(int number);
  // Looks at the node now and then. One that has stopped itself goes on answering, with the reason, but
  // people must be told.
  void watch();
  // One whose disk has failed does so until the disk is well, and then begins another life.
  void watch_disk();

  void on_rows(std::span<const sql::RowChange>) override {}
  void on_role(const raft::RoleChanged& change) override;
  void on_left_behind(const raft::LeftBehind& behind) override;
  void on_recovered(const service::Recovered& recovered) override;
  void end_with(const Error& error);
  void end(Ending ending);

  config::NodeSettings settings_;
  bool allow_faults_;
  std::shared_ptr<spdlog::logger> log_;
  DiskWait& disk_;
  net::EventLoop loop_;
  net::asio::signal_set signals_;
  bool leaving_ = false;
  bool told_of_failure_ = false;
  SpareMemory spare_memory_;
  bool recovered_ = false;
  bool began_ = false;       // a leader has been known in this life
  bool leaderless_ = false;  // none is known now, as was logged
  Ending ending_ = Ending::kLeft;
  std::optional<Error> trouble_;
  std::optional<DataDirectory> directory_;
  service::Retiring* retiring_ = nullptr;  // the node
  std::shared_ptr<api::TokenTable> tokens_ = std::make_shared<api::TokenTable>();
  std::unique_ptr<net::TlsSecurity> security_;
  std::unique_ptr<net::TraceRing> trace_;  // with allow_faults
  std::unique_ptr<HubNews> hub_news_;      // of a hub
  EdgePresence presence_;                  // likewise
  std::unique_ptr<net::Host> host_;
  const hub::HubProcess* hub_ = nullptr;    // the host's actor, if it has a hub
  std::unique_ptr<api::Gateway> gateway_;   // of the protocols below
  std::unique_ptr<api::GrpcServer> grpc_;   // none: not configured
  std::unique_ptr<api::HttpGateway> http_;  // likewise
  std::unique_ptr<faults::Admin> faults_;   // with allow_faults
};

}  // namespace lockstep::cli
