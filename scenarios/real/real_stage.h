// The real world as a stage: nodes and edges as processes of this machine, clients and the cloud in this
// process, faults by signals and rules.
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
#include "reports/report.h"
#include "scenarios/cast.h"
#include "scenarios/real/limits.h"
#include "scenarios/real/link_plan.h"
#include "scenarios/real/real_events.h"
#include "scenarios/real/real_field.h"
#include "scenarios/real/real_process.h"
#include "scenarios/real/workplace.h"
#include "scenarios/stage.h"

namespace lockstep::real {

using scenarios::Cast;
using scenarios::Fault;
using scenarios::Scenario;

struct RealOptions {
  std::string program = "/proc/self/exe";  // of `program node`, `program hub` and `program edge`
  std::uint64_t seed = 1;                  // of what the runner draws; the processes draw theirs themselves
};

// While one exists, SIGINT and SIGTERM end its processes before they end this one.
class RealStage final : public scenarios::Stage {
 public:
  // Starts the nodes and waits until they hear orders. Scenario and cast outlive the stage.
  static Result<std::unique_ptr<RealStage>> make(const Scenario& scenario, const RealOptions& options,
                                                 Cast& cast);
  ~RealStage() override;

  std::uint64_t event_count() const { return events_.count(); }
  // What its processes wrote down so far; before keep().
  std::vector<reports::NodeLog> logs() const;
  // Keeps the directories and logs of its processes. Where they are.
  std::string keep() { return workplace_.keep(); }

  void open() override;
  void close() override;
  scenarios::Events& events() override { return events_; }
  std::string gap() const override { return gap_; }
  std::optional<std::string> cannot(const Fault& fault) const override { return why_not(fault); }

  Duration now() const override;
  void schedule(Duration at, std::function<void()> callback) override;
  void run_until(Duration until) override;
  void run_while(const std::function<bool()>& waiting) override;

  bool is_alive(NodeId id) const override;
  void start(NodeId id) override;
  void kill(NodeId id) override;
  void leave(NodeId id) override;
  void power_loss(NodeId id) override;
  void stall(NodeId id, Duration duration) override;
  void change_clock(NodeId id, const scenarios::ClockChange& change) override;
  void release(NodeId id) override;

  NetworkFaultId begin_fault(const Action& action, Between between, std::uint64_t& effects) override;
  void end_fault(NetworkFaultId fault) override;
  void set_apart(std::set<NodeId> healed) override;
  void end_all_faults() override;

  void arm_probe(std::string point, scenarios::ProbeDecision decide) override;

 private:
  // The port Trace of a guest.
  class GuestTrace final : public env::Trace {
   public:
    GuestTrace(RealStage& stage, NodeId id, Incarnation life) : stage_(stage), id_(id), life_(life) {}
    void emit(const env::Event& event) override;

   private:
    RealStage& stage_;
    NodeId id_;
    Incarnation life_;
  };
  // An actor in this process: a client, or a life of the cloud.
  struct Guest {
    std::unique_ptr<GuestTrace> trace;
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
  std::string config_of(NodeId id) const;
  Status write_config(NodeId id, const std::string& file) const;
  std::vector<std::string> node_arguments(NodeId id) const;
  std::string hub_addresses() const;
  void add_process(NodeId id, std::vector<std::string> arguments);
  Status await_greetings();
  void end_on_signals();
  void open_field();
  void start_guest(NodeId id);
  RealProcess& process(NodeId id) { return *processes_.at(id); }

  void pump(const std::function<bool()>& enough, Duration until);
  void look();
  void read_traces();
  void read_trace(RealProcess& process);
  void tell_plants();
  void run_due();
  // Of a process, or of the cloud.
  void emit(NodeId id, const env::Event& event);
  void on_hit(NodeId id, const faults::ProbeNote& hit);
  std::optional<Duration> decide(NodeId id, const std::string& point);
  void let_go(NodeId id, Incarnation life, std::uint64_t ticket);
  void go_on(NodeId id, Incarnation life);
  faults::Orders orders_of(NodeId id) const;
  void order_links();
  void count_struck_of_guests();

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
  std::map<NodeId, std::unique_ptr<RealProcess>> processes_;  // nodes, then edges
  std::optional<RealField> field_;                            // of a scenario with a field
  std::map<NodeId, Guest> guests_;                            // that are alive
  Incarnation cloud_life_{0};
  std::map<NodeId, Duration> stalled_until_;
  std::multimap<Duration, std::function<void()>> due_;  // equal times in the order of their scheduling
};

}  // namespace lockstep::real
