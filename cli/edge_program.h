// Edges composed for the real world: each its directory, its devices and its host, all on one loop.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/data_directory.h"
#include "cli/edge.h"
#include "cli/edge_news.h"
#include "cli/field_party.h"
#include "cli/plant_driver.h"
#include "edge/edge_process.h"
#include "net/faults/admin.h"
#include "net/host.h"
#include "net/trace_ring.h"

namespace lockstep::cli {

// Checked, and typed.
struct EdgeSettings {
  std::vector<std::string> names;
  std::string data;
  std::vector<std::string> devices;
  std::string plants;  // a file: then these are the devices
  double probe_rate = 1000;
  edge::EdgeConfig config;  // but for name and hubs
  bool measure = false;
  bool allow_faults = false;  // an operator may bring them (docs/format/faults.md)
};
Result<EdgeSettings> settings_of(const EdgeArguments& arguments);

// One at a time in a process: it takes the signals that end a process.
class EdgeProgram {
 public:
  EdgeProgram(EdgeSettings settings, ConnectArguments connect, std::shared_ptr<spdlog::logger> log);
  ~EdgeProgram();

  Status start();
  std::string introduction() const;
  // Until a signal comes; an error: every edge has stopped itself.
  Status run();
  FieldFigures take_figures();
  // So long readings have been taken.
  Duration running() const { return std::chrono::steady_clock::now() - begin_; }

 private:
  struct Edge {
    std::string name;
    NodeId number;
    std::unique_ptr<DataDirectory> directory;
    std::unique_ptr<edge::Driver> plants;
    std::unique_ptr<net::TraceRing> trace;  // with allow_faults
    std::unique_ptr<EdgeNews> news;
    std::unique_ptr<net::Host> host;
    std::unique_ptr<faults::Admin> faults;  // with allow_faults
    bool failed = false;
    bool noted = false;  // that there is a store
    bool waits = false;  // for room on its disk, which has been said

    const edge::EdgeProcess& process() const { return static_cast<const edge::EdgeProcess&>(host->actor()); }
  };

  Status open(const std::string& name);
  Result<std::unique_ptr<edge::Driver>> open_plants(const std::string& edge) const;
  Status open_trace(Edge& edge);
  Status open_faults(Edge& edge);
  net::Log remarks(std::string whose) const;
  void note_stores();
  void tell_of_full_disks();
  std::size_t note_failures();
  void take_signals();
  void watch();

  EdgeSettings settings_;
  ConnectArguments connect_;
  std::shared_ptr<spdlog::logger> log_;
  net::EventLoop loop_;
  net::asio::signal_set signals_;
  std::unique_ptr<net::TlsSecurity> security_;
  HubAddresses hub_;
  std::vector<Edge> edges_;
  bool told_to_stop_ = false;
  std::optional<Error> trouble_;
  std::chrono::steady_clock::time_point begin_{};
};

}  // namespace lockstep::cli
