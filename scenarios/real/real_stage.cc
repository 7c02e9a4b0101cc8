// Signals, sockets and the clock of the machine behind the calls of a stage.
#include "scenarios/real/real_stage.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/check.h"
#include "config/parse_node.h"
#include "core/replica/events.h"
#include "scenarios/event_catalog.h"
#include "sim/events.h"

namespace lockstep::real {
namespace {

using namespace scenarios;  // the verbs
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kClusterName = "scenario";
constexpr std::uint16_t kFirstPort = 21'000;
// How often traces are read and processes looked at: the delay with which roles and triggers are seen.
constexpr Duration kLook = milliseconds(2);
constexpr Duration kBoot = seconds(30);

}  // namespace

class RealStage::ClientTrace final : public env::Trace {
 public:
  ClientTrace(RealStage& stage, NodeId id) : stage_(stage), id_(id) {}
  void emit(const env::Event& event) override {
    stage_.events_.add(stage_.now(), id_, Incarnation(1), event);
  }

 private:
  RealStage& stage_;
  NodeId id_;
};

// ---- before it begins
// ---------------------------------------------------------------------------------------------

RealStage::RealStage(const Scenario& scenario, const RealOptions& options, Cast& cast, Workplace workplace)
    : scenario_(scenario),
      options_(options),
      cast_(cast),
      workplace_(std::move(workplace)),
      signals_(loop_.context()),
      began_(clock_.monotonic_now()),
      links_(scenario.network, cast.roster()) {
  end_on_signals();
}

// Before the event loop goes, to which hosts and lines belong.
RealStage::~RealStage() {
  nodes_.clear();
  clients_.clear();
}

void RealStage::end_on_signals() {
  std::map<int, struct sigaction> before;  // whoever listened then has something to do at the end, too
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    ::sigaction(number, nullptr, &before[number]);
    signals_.add(number);
  }
  signals_.async_wait([this, before](const net::IoError& error, int number) {
    if (error) return;
    for (auto& [id, node] : nodes_) node->kill();
    workplace_.remove();
    ::sigaction(number, &before.at(number), nullptr);
    ::raise(number);
  });
}

Result<std::unique_ptr<RealStage>> RealStage::make(const Scenario& scenario, const RealOptions& options,
                                                   Cast& cast) {
  if (scenario.field)
    return fail(ErrorCode::kInvalidArgument,
                "a scenario of the system \"hub\" runs in the simulator only: its plants have no real time here");
  LOCKSTEP_TRY(workplace, Workplace::make());
  std::unique_ptr<RealStage> stage(new RealStage(scenario, options, cast, std::move(workplace)));
  LOCKSTEP_TRY_STATUS(stage->start_nodes());
  return stage;
}

Status RealStage::start_nodes() {
  for (const NodeId id : cast_.roster().nodes()) {
    net::Endpoint& endpoint = endpoints_[id];
    endpoint = {.host = workplace_.host(), .port = static_cast<std::uint16_t>(kFirstPort + id.value())};
    LOCKSTEP_TRY(free, net::listen(loop_.context(), endpoint));  // else the sentence names who is in the way
  }
  for (const NodeId id : cast_.roster().nodes()) {
    const std::string directory = cat(workplace_.directory(), '/', Roster::name(id));
    std::error_code error;
    std::filesystem::create_directory(directory, error);
    const std::string config = directory + ".json";
    LOCKSTEP_TRY_STATUS(write_config(id, config));
    nodes_[id] = std::make_unique<RealNode>(
        loop_,
        RealNode::Options{.id = id,
                          .program = options_.program,
                          .config = config,
                          .directory = directory,
                          .log = directory + ".log"},
        RealNode::Callbacks{
            .on_greeting =
                [this, id](const faults::Greeting&) {
                  greeted_.insert(id);
                  node(id).order(orders_of(id));
                },
            .on_hit = [this, id](const faults::ProbeNote& hit) { on_hit(id, hit); },
            .on_struck = [this](std::uint64_t rule, std::uint64_t frames) { links_.count(rule, frames); }});
    LOCKSTEP_TRY_STATUS(node(id).start(orders_of(id)));
  }
  const Instant deadline = clock_.monotonic_now() + kBoot;
  while (greeted_.size() < nodes_.size()) {
    for (auto& [id, started] : nodes_)
      if (const auto end = started->look())
        return fail(ErrorCode::kUnavailable, cat("node ", id, " did not start, ", *end, "; its log is ",
                                                 keep(), '/', Roster::name(id), ".log"));
    if (clock_.monotonic_now() > deadline)
      return fail(ErrorCode::kUnavailable,
                  cat("expected the nodes to start within 30 s; their logs are in ", keep()));
    loop_.run_for(kLook);
  }
  return {};
}

config::Address RealStage::address_of(NodeId id) const {
  const net::Endpoint& endpoint = endpoints_.at(id);
  return {endpoint.host, endpoint.port};
}

config::Cluster RealStage::cluster_of(NodeId self) const {
  config::Cluster cluster;
  cluster.name = kClusterName;
  cluster.self = self;
  for (const NodeId member : cast_.roster().nodes()) cluster.members.push_back({member, address_of(member)});
  cluster.consensus = scenario_.cluster.consensus;
  return cluster;
}

Status RealStage::write_config(NodeId id, const std::string& file) const {
  config::NodeSettings settings;
  settings.about = cat(Roster::name(id), " of a run of the scenario ", scenario_.name);
  settings.data = cat(workplace_.directory(), '/', Roster::name(id));
  settings.listen.native = address_of(id);
  if (scenario_.system == System::kRaftSql) settings.cluster = cluster_of(id);
  std::ofstream out(file);
  out << config::to_json_text(settings);
  if (!out.flush()) return fail(ErrorCode::kIo, cat(file, ": cannot be written"));
  return {};
}

void RealStage::open() {
  began_ = clock_.monotonic_now();
  for (auto& [id, started] : nodes_) started->order(orders_of(id));
  start_client(Roster::steward());
  for (const NodeId id : cast_.roster().clients()) start_client(id);
}

void RealStage::start_client(NodeId id) {
  Client& client = clients_[id];
  client.trace = std::make_unique<ClientTrace>(*this, id);
  net::HostOptions options;
  options.place.self = id;
  if (scenario_.system == System::kRaftSql) options.place.cluster = config::cluster_id(kClusterName);
  options.seed = options_.seed;
  options.transport.kind = net::PartyKind::kClient;
  options.transport.peers = endpoints_;
  options.transport.boot = id.value();
  options.trace = client.trace.get();
  client.host = std::make_unique<net::Host>(loop_, std::move(options),
                                            [this, id](const env::Env& env) { return cast_.make(id, env); });
  client.host->links().set_latency(links_.latency_of(id));
  for (const net::LinkRule& rule : links_.rules_of(id)) client.host->links().add(rule);
  client.host->start();
}

// ---- time
// ---------------------------------------------------------------------------------------------------------

Duration RealStage::now() const { return clock_.monotonic_now() - began_; }

void RealStage::schedule(Duration at, std::function<void()> callback) {
  due_.emplace(at, std::move(callback));
}

void RealStage::run_until(Duration until) {
  pump([this, until] { return now() >= until; }, until);
}

void RealStage::run_while(const std::function<bool()>& waiting) {
  pump([&waiting] { return !waiting(); }, Duration::max());
}

// Nodes and sockets first, so that what is due acts on what is known now.
void RealStage::pump(const std::function<bool()>& enough, Duration until) {
  for (;;) {
    look();
    run_due();
    if (enough()) return;
    Duration next = std::min(until, now() + kLook);
    if (!due_.empty()) next = std::min(next, due_.begin()->first);
    loop_.run_until(enough, std::max(next - now(), Duration()));
  }
}

void RealStage::run_due() {
  while (!due_.empty() && due_.begin()->first <= now()) {
    const auto due = due_.extract(due_.begin());
    due.mapped()();
  }
}

void RealStage::look() {
  read_traces();
  for (auto& [id, node] : nodes_) {
    const auto end = node->look();
    if (!end) continue;
    read_trace(*node);
    const std::string sentence = cat("its process ended by itself, ", *end);
    emit(id, {replica::kNodeFailed, {1}, sentence});
    emit(id, {sim::kProcessKilled, {}});
  }
}

// ---- events
// -------------------------------------------------------------------------------------------------------

void RealStage::emit(NodeId id, const env::Event& event) {
  events_.add(now(), id, node(id).incarnation(), event);
}

void RealStage::read_traces() {
  for (auto& [id, node] : nodes_) read_trace(*node);
}

void RealStage::read_trace(RealNode& node) {
  std::vector<net::RingRecord> records;
  std::string missing = node.read_trace(records);
  for (const net::RingRecord& record : records) {
    const env::EventType* type = find_event_type(record.type);
    if (type == nullptr || type->field_count() != record.fields.size()) {
      missing = cat("the trace of node ", node.id(), " holds an unknown event, number ", record.type);
      continue;
    }
    std::array<std::uint64_t, env::kMaxEventFields> fields{};
    std::copy(record.fields.begin(), record.fields.end(), fields.begin());
    events_.add(record.at - began_, node.id(), node.incarnation(), event_of(*type, fields, record.text));
  }
  if (gap_.empty()) gap_ = std::move(missing);
}

void RealStage::close() {
  count_struck_of_clients();
  for (auto& [id, node] : nodes_) {
    if (node->is_running()) kill(id);
  }
  signals_.clear();  // nothing is left that must not be left
  events_.tell_those_who_look();
}

// ---- processes
// ----------------------------------------------------------------------------------------------------

bool RealStage::is_alive(NodeId process) const {
  const auto found = nodes_.find(process);
  return found == nodes_.end() ? clients_.contains(process) : found->second->is_running();
}

void RealStage::start(NodeId process) {
  RealNode& started = node(process);
  CHECK(!started.is_running(), "node ", process, " is running");
  const Status status = started.start(orders_of(process));
  emit(process, {sim::kProcessStarted, {}});
  if (!status) emit(process, {replica::kNodeFailed, {1}, status.error().message});
}

void RealStage::kill(NodeId process) {
  RealNode& victim = node(process);
  victim.kill();
  read_trace(victim);
  stalled_until_.erase(process);
  emit(process, {sim::kProcessKilled, {}});
}

void RealStage::power_loss(NodeId process) {
  CHECK(false, "the power of node ", process, " cannot be lost here");
}

void RealStage::change_clock(NodeId process, const ClockChange&) {
  CHECK(false, "the clock of process ", process, " cannot be changed here");
}

void RealStage::stall(NodeId process, Duration duration) {
  node(process).stop();
  emit(process, {sim::kProcessStalled, {static_cast<std::uint64_t>(duration.count())}});
  Duration& until = stalled_until_[process];
  until = std::max(until, now() + duration);
  schedule(until, [this, process, life = node(process).incarnation()] { go_on(process, life); });
}

void RealStage::go_on(NodeId id, Incarnation life) {
  const auto stalled = stalled_until_.find(id);
  if (stalled == stalled_until_.end() || stalled->second > now() || node(id).incarnation() != life) return;
  stalled_until_.erase(stalled);
  node(id).go_on();
  emit(id, {sim::kProcessResumed, {0}});
}

void RealStage::release(NodeId process) {
  RealNode& held = node(process);
  if (!held.is_running()) return;
  if (const auto stalled = stalled_until_.find(process); stalled != stalled_until_.end()) {
    stalled->second = now();
    go_on(process, held.incarnation());
  }
  faults::Orders orders;
  orders.release_all = true;
  held.order(orders);
}

// ---- probes
// -------------------------------------------------------------------------------------------------------

void RealStage::arm_probe(std::string point, ProbeDecision decide) {
  probes_.push_back({std::move(point), std::move(decide)});
}

void RealStage::on_hit(NodeId id, const faults::ProbeNote& hit) {
  read_traces();  // whoever decides knows what came before
  const Incarnation life = node(id).incarnation();
  const auto hold = decide(id, hit.point);
  if (!node(id).is_running()) return;
  if (hold)
    return schedule(now() + *hold, [this, id, life, ticket = hit.ticket] { let_go(id, life, ticket); });
  let_go(id, life, hit.ticket);
}

// All are asked, for all of them count; the first that holds the work has its way.
std::optional<Duration> RealStage::decide(NodeId id, const std::string& point) {
  std::optional<Duration> hold;
  for (const Probe& probe : probes_) {
    if (probe.point != point) continue;
    const auto decision = probe.decide({.point = probe.point, .node = id});
    if (!hold) hold = decision;
  }
  return hold;
}

void RealStage::let_go(NodeId id, Incarnation life, std::uint64_t ticket) {
  if (!node(id).is_running() || node(id).incarnation() != life) return;
  faults::Orders orders;
  orders.release = {ticket};
  node(id).order(orders);
}

// ---- network
// ------------------------------------------------------------------------------------------------------

faults::Orders RealStage::orders_of(NodeId id) const {
  faults::Orders orders;
  orders.latency = links_.latency_of(id);
  orders.links = links_.rules_of(id);
  std::set<std::string> points;
  for (const Probe& probe : probes_) points.insert(probe.point);
  orders.probes.emplace(points.begin(), points.end());
  return orders;
}

void RealStage::order_links() {
  for (auto& [id, node] : nodes_) {
    faults::Orders orders;
    orders.links = links_.rules_of(id);
    node->order(orders);
  }
  count_struck_of_clients();
  for (auto& [id, client] : clients_) {
    client.struck.clear();
    client.host->links().clear();
    for (const net::LinkRule& rule : links_.rules_of(id)) client.host->links().add(rule);
  }
}

void RealStage::count_struck_of_clients() {
  for (auto& [id, client] : clients_)
    for (const net::LinkRule& rule : links_.rules_of(id)) {
      std::uint64_t& counted = client.struck[rule.id];
      const std::uint64_t struck = client.host->links().struck(rule.id);
      if (struck > counted) links_.count(rule.id, struck - counted);
      counted = std::max(counted, struck);
    }
}

NetworkFaultId RealStage::begin_fault(const Action& action, Between between, std::uint64_t& effects) {
  const NetworkFaultId id = links_.begin(action, std::move(between), effects);
  order_links();
  return id;
}

void RealStage::end_fault(NetworkFaultId fault) {
  count_struck_of_clients();
  links_.end(fault);
  order_links();
}

void RealStage::set_apart(std::set<NodeId> healed) {
  count_struck_of_clients();
  links_.set_apart(std::move(healed));
  order_links();
}

void RealStage::end_all_faults() {
  count_struck_of_clients();
  links_.end_all();
  order_links();
}

// ---- what it is not
// -----------------------------------------------------------------------------------------------

std::optional<std::string> RealStage::cannot(const Action& action) {
  if (std::holds_alternative<PowerLoss>(action)) return "the power of a real machine cannot be cut from here";
  if (std::holds_alternative<OutOfMemory>(action)) return "the memory of a real process cannot be refused from here";
  switch (facts_of(action).family) {
    case Family::kProcess: return std::nullopt;
    case Family::kClock: return "all processes share this machine's clock";
    case Family::kDisk: return "this machine's disk cannot be made to fail from here";
    case Family::kPlant: return "there are no plants here";
    case Family::kNetwork: break;
  }
  const bool is_of_the_wire =
      std::holds_alternative<Corrupt>(action) || std::holds_alternative<Bandwidth>(action) ||
      std::holds_alternative<Clog>(action) || std::holds_alternative<Swizzle>(action) ||
      std::holds_alternative<Reset>(action);
  if (!is_of_the_wire) return std::nullopt;
  return cat("the rules of a node's transport know no ", verb_of(action));
}

std::optional<std::string> RealStage::cannot(const Fault& fault) const {
  if (auto reason = cannot(fault.action)) return reason;
  const auto* trigger = std::get_if<AtEvent>(&fault.trigger);
  if (trigger == nullptr) return std::nullopt;
  const env::EventType* type = find_event_type(trigger->event);
  constexpr const env::EventType* kTold[] = {&sim::kProcessStarted, &sim::kProcessKilled,
                                             &sim::kProcessStalled, &sim::kProcessResumed};
  constexpr std::uint16_t kLastOfTheSimulator = 99;
  if (type->number > kLastOfTheSimulator ||
      std::find(std::begin(kTold), std::end(kTold), type) != std::end(kTold))
    return std::nullopt;
  return cat("only the simulator tells of ", type->name);
}

std::vector<std::string> RealStage::not_applied() const {
  std::vector<std::string> all{"disk: syncs take what this machine's disk takes"};
  if (scenario_.clocks != Clocks()) all.push_back("clocks: all processes share this machine's clock");
  return all;
}

}  // namespace lockstep::real
