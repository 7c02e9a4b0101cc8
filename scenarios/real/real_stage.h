// The real world as a stage: node processes on this machine, clients in this process, faults by signals and
// rules.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/node_settings.h"
#include "net/event_loop.h"
#include "net/host.h"
#include "scenarios/cast.h"
#include "scenarios/real/link_plan.h"
#include "scenarios/real/real_events.h"
#include "scenarios/real/real_node.h"
#include "scenarios/real/workplace.h"
#include "scenarios/stage.h"

namespace lockstep::real {

using scenarios::Cast;
using scenarios::Fault;
using scenarios::Scenario;

struct RealOptions {
  std::string program = "/proc/self/exe";  // of `program node`
  std::uint64_t seed = 1;                  // of what the runner draws; the nodes draw theirs themselves
};

// While one exists, SIGINT and SIGTERM end its processes before they end this one.
class RealStage final : public scenarios::Stage {
 public:
  // Starts the nodes and waits until they hear orders. Scenario and cast outlive the stage.
  static Result<std::unique_ptr<RealStage>> make(const Scenario& scenario, const RealOptions& options,
                                                 Cast& cast);
  ~RealStage() override;

  std::uint64_t event_count() const { return events_.count(); }
  // What the scenario asks of the world and this one does not give, a sentence each.
  std::vector<std::string> not_applied() const;
  // Keeps the nodes' directories and logs. Where they are.
  std::string keep() { return workplace_.keep(); }

  void open() override;
  void close() override;
  scenarios::Events& events() override { return events_; }
  std::string gap() const override { return gap_; }
  std::optional<std::string> cannot(const Fault& fault) const override;
  // Of what a fault does, whenever it does it.
  static std::optional<std::string> cannot(const Action& action);

  Duration now() const override;
  void schedule(Duration at, std::function<void()> callback) override;
  void run_until(Duration until) override;
  void run_while(const std::function<bool()>& waiting) override;

  bool is_alive(NodeId process) const override;
  void start(NodeId process) override;
  void kill(NodeId process) override;
  void power_loss(NodeId process) override;
  void stall(NodeId process, Duration duration) override;
  void change_clock(NodeId process, const scenarios::ClockChange& change) override;
  void release(NodeId process) override;

  NetworkFaultId begin_fault(const Action& action, Between between, std::uint64_t& effects) override;
  void end_fault(NetworkFaultId fault) override;
  void set_apart(std::set<NodeId> healed) override;
  void end_all_faults() override;

  void arm_probe(std::string point, scenarios::ProbeDecision decide) override;

 private:
  // The port Trace of a client in this process.
  class ClientTrace;
  struct Client {
    std::unique_ptr<ClientTrace> trace;
    std::unique_ptr<net::Host> host;
    std::map<std::uint64_t, std::uint64_t> struck;  // by rule, as far as it was counted
  };
  struct Probe {
    std::string point;
    scenarios::ProbeDecision decide;
  };

  RealStage(const Scenario& scenario, const RealOptions& options, Cast& cast, Workplace workplace);
  Status start_nodes();
  config::Address address_of(NodeId id) const;
  config::Cluster cluster_of(NodeId self) const;
  Status write_config(NodeId id, const std::string& file) const;
  void end_on_signals();
  void start_client(NodeId id);
  RealNode& node(NodeId id) { return *nodes_.at(id); }

  void pump(const std::function<bool()>& enough, Duration until);
  void look();
  void read_traces();
  void read_trace(RealNode& node);
  void run_due();
  void emit(NodeId node, const env::Event& event);
  void on_hit(NodeId id, const faults::ProbeNote& hit);
  std::optional<Duration> decide(NodeId id, const std::string& point);
  void let_go(NodeId id, Incarnation life, std::uint64_t ticket);
  void go_on(NodeId id, Incarnation life);
  faults::Orders orders_of(NodeId id) const;
  void order_links();
  void count_struck_of_clients();

  const Scenario& scenario_;
  RealOptions options_;
  Cast& cast_;
  Workplace workplace_;
  net::EventLoop loop_;
  net::asio::signal_set signals_;
  mutable net::SystemClock clock_;
  Instant began_;
  std::set<NodeId> greeted_;
  RealEvents events_;
  std::string gap_;
  LinkPlan links_;
  std::vector<Probe> probes_;
  std::map<NodeId, net::Endpoint> endpoints_;
  std::map<NodeId, std::unique_ptr<RealNode>> nodes_;
  std::map<NodeId, Client> clients_;
  std::map<NodeId, Duration> stalled_until_;
  std::multimap<Duration, std::function<void()>> due_;  // equal times in the order of their scheduling
};

}  // namespace lockstep::real
