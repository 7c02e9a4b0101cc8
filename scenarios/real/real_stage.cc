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
#include "scenarios/real/node_logs.h"
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

void RealStage::GuestTrace::emit(const env::Event& event) {
  stage_.events_.add(stage_.now(), id_, life_, event);
}

// ---- before it begins --------------------------------------------------------------------------------

RealStage::RealStage(const Scenario& scenario, const RealOptions& options, Cast& cast, Workplace workplace)
    : scenario_(scenario),
      options_(options),
      cast_(cast),
      workplace_(std::move(workplace)),
      signals_(loop_.context()),
      began_(clock_.monotonic_now()),
      links_(scenario.network, cast.roster()) {
  if (scenario.field) field_.emplace(scenario, cast.roster(), options.seed, workplace_.directory());
  end_on_signals();
}

// Before the event loop goes, to which hosts and lines belong.
RealStage::~RealStage() {
  processes_.clear();
  guests_.clear();
}

void RealStage::end_on_signals() {
  std::map<int, struct sigaction> before;  // whoever listened then has something to do at the end, too
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now{};
    ::sigaction(number, nullptr, &now);
    if (now.sa_handler == SIG_IGN) continue;  // nohup, or a shell without job control: it is not to end the run
    before[number] = now;
    signals_.add(number);
  }
  signals_.async_wait([this, before](const net::IoError& error, int number) {
    if (error) return;
    for (auto& [id, process] : processes_) process->kill();
    workplace_.remove();
    ::sigaction(number, &before.at(number), nullptr);
    ::raise(number);
  });
}

Result<std::unique_ptr<RealStage>> RealStage::make(const Scenario& scenario, const RealOptions& options,
                                                   Cast& cast) {
  LOCKSTEP_TRY_STATUS(check_length(scenario));
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
    LOCKSTEP_TRY_STATUS(write_config(id, config_of(id)));
    add_process(id, node_arguments(id));
    LOCKSTEP_TRY_STATUS(process(id).start(orders_of(id)));
  }
  return await_greetings();
}

std::vector<reports::NodeLog> RealStage::logs() const {
  std::vector<reports::NodeLog> all;
  for (const auto& [id, started] : processes_) {
    std::ifstream log(started->log());
    all.push_back(summary_of_log(Roster::name(id), log));
  }
  return all;
}

std::string RealStage::config_of(NodeId id) const {
  return cat(workplace_.directory(), '/', Roster::name(id), ".json");
}

std::vector<std::string> RealStage::node_arguments(NodeId id) const {
  return {scenario_.system == System::kHub ? "hub" : "node", "--config", config_of(id), "--allow-faults"};
}

void RealStage::add_process(NodeId id, std::vector<std::string> arguments) {
  const std::string directory = cat(workplace_.directory(), '/', Roster::name(id));
  std::error_code error;  // the orders, which are written there, will say what is wrong with it
  std::filesystem::create_directory(directory, error);
  processes_[id] = std::make_unique<RealProcess>(
      loop_,
      RealProcess::Options{.id = id,
                           .program = options_.program,
                           .arguments = std::move(arguments),
                           .directory = directory,
                           .log = directory + ".log"},
      RealProcess::Callbacks{
          .on_greeting =
              [this, id](const faults::Greeting&) {
                greeted_.insert(id);
                process(id).order(orders_of(id));
              },
          .on_hit = [this, id](const faults::ProbeNote& hit) { on_hit(id, hit); },
          .on_struck = [this](std::uint64_t rule, std::uint64_t frames) { links_.count(rule, frames); }});
}

Status RealStage::await_greetings() {
  const Instant deadline = clock_.monotonic_now() + kBoot;
  while (greeted_.size() < processes_.size()) {
    for (auto& [id, started] : processes_)
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
  if (scenario_.system != System::kStandaloneSql) settings.cluster = cluster_of(id);
  if (scenario_.system == System::kHub) settings.hub.emplace();
  std::ofstream out(file);
  out << config::to_json_text(settings);
  if (!out.flush()) return fail(ErrorCode::kIo, cat(file, ": cannot be written"));
  return {};
}

void RealStage::open() {
  began_ = clock_.monotonic_now();
  for (auto& [id, started] : processes_) started->order(orders_of(id));
  start_guest(Roster::steward());
  for (const NodeId id : cast_.roster().clients()) start_guest(id);
  if (field_) open_field();
}

void RealStage::open_field() {
  if (const Status begun = field_->begin(began_); !begun) gap_ = begun.error().message;
  for (const NodeId id : cast_.roster().edges()) {
    add_process(id, field_->arguments(id, hub_addresses()));
    start(id);
  }
  start(Roster::cloud());
  for (std::size_t place = 0; place < scenario_.field->dispatch.size(); ++place)
    schedule(scenario_.field->dispatch[place].at, [this, place] {
      const auto cloud = guests_.find(Roster::cloud());
      field_->dispatch(place, cloud == guests_.end() ? nullptr : cloud->second.host.get());
    });
}

// With their numbers, so that an edge knows also those that are away when it starts.
std::string RealStage::hub_addresses() const {
  std::string all;
  for (const auto& [id, endpoint] : endpoints_)
    append_text(all, cat(all.empty() ? "" : ",", id, '=', net::to_string(endpoint)));
  return all;
}

void RealStage::start_guest(NodeId id) {
  const bool is_cloud = id == Roster::cloud();
  const Incarnation life = is_cloud ? cloud_life_ : Incarnation(1);
  Guest& guest = guests_[id];
  guest.trace = std::make_unique<GuestTrace>(*this, id, life);
  net::HostOptions options;
  options.place.self = id;
  if (scenario_.system != System::kStandaloneSql) options.place.cluster = config::cluster_id(kClusterName);
  options.incarnation = life;
  options.seed = options_.seed;
  options.transport.kind = is_cloud ? net::PartyKind::kField : net::PartyKind::kClient;
  options.transport.peers = endpoints_;
  options.transport.boot = (life.value() << 32) + id.value();
  options.trace = guest.trace.get();
  guest.host = std::make_unique<net::Host>(loop_, std::move(options), [&](const env::Env& env) {
    return is_cloud ? field_->make_cloud(env) : cast_.make(id, env);
  });
  guest.host->links().set_latency(links_.latency_of(id));
  for (const net::LinkRule& rule : links_.rules_of(id)) guest.host->links().add(rule);
  guest.host->start();
}

// ---- time --------------------------------------------------------------------------------------------

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
  for (auto& [id, process] : processes_) {
    const auto end = process->look();
    if (!end) continue;
    read_trace(*process);
    const bool in_good_order = process->is_leaving() && *end == "exit code 0";
    const std::string sentence = cat("its process ended by itself, ", *end);
    if (!in_good_order) emit(id, {replica::kNodeFailed, {1}, sentence});
    emit(id, {sim::kProcessKilled, {}});
  }
}

// ---- events ------------------------------------------------------------------------------------------

void RealStage::emit(NodeId id, const env::Event& event) {
  events_.add(now(), id, id == Roster::cloud() ? cloud_life_ : process(id).incarnation(), event);
}

void RealStage::read_traces() {
  for (auto& [id, process] : processes_) read_trace(*process);
}

void RealStage::read_trace(RealProcess& process) {
  std::vector<net::RingRecord> records;
  std::string missing = process.read_trace(records);
  for (const net::RingRecord& record : records) {
    const env::EventType* type = find_event_type(record.type);
    if (type == nullptr || type->field_count() != record.fields.size()) {
      missing =
          cat("the trace of ", Roster::name(process.id()), " holds an unknown event, number ", record.type);
      continue;
    }
    std::array<std::uint64_t, env::kMaxEventFields> fields{};
    std::copy(record.fields.begin(), record.fields.end(), fields.begin());
    events_.add(record.at - began_, process.id(), process.incarnation(),
                event_of(*type, fields, record.text));
  }
  if (gap_.empty()) gap_ = std::move(missing);
}

// What ends the processes now is no event of the run: its trace leaves them as they were. All stand still
// before the first of them goes, so that none tells of another one's end.
void RealStage::close() {
  count_struck_of_guests();
  for (auto& [id, process] : processes_)
    if (process->is_running()) process->stop();
  for (auto& [id, process] : processes_) process->kill();
  read_traces();
  signals_.clear();  // nothing is left that must not be left
  if (field_) tell_plants();
  events_.tell_those_who_look();
}

void RealStage::tell_plants() {
  const Status told = field_->tell_plants([this](Duration at, NodeId edge, const env::Event& event) {
    events_.add(at, edge, process(edge).incarnation(), event);
  });
  if (!told && gap_.empty()) gap_ = told.error().message;
}

// ---- processes ---------------------------------------------------------------------------------------

bool RealStage::is_alive(NodeId id) const {
  const auto found = processes_.find(id);
  return found == processes_.end() ? guests_.contains(id) : found->second->is_running();
}

void RealStage::start(NodeId id) {
  CHECK(!is_alive(id), Roster::name(id), " is running");
  Status status;
  if (id == Roster::cloud()) {
    cloud_life_ = cloud_life_.next();
    start_guest(id);
  } else {
    status = process(id).start(orders_of(id));
  }
  emit(id, {sim::kProcessStarted, {}});
  if (!status) emit(id, {replica::kNodeFailed, {1}, status.error().message});
}

void RealStage::kill(NodeId id) {
  if (id == Roster::cloud()) {
    count_struck_of_guests();
    guests_.erase(id);
  } else {
    process(id).kill();
    read_trace(process(id));
    stalled_until_.erase(id);
  }
  emit(id, {sim::kProcessKilled, {}});
}

void RealStage::leave(NodeId id) {
  emit(id, {sim::kProcessLeaves, {}});
  if (process(id).is_leaving()) return kill(id);
  process(id).leave();
}

void RealStage::power_loss(NodeId id) {
  CHECK(false, "the power of ", Roster::name(id), " cannot be lost here");
}

void RealStage::change_clock(NodeId id, const ClockChange&) {
  CHECK(false, "the clock of ", Roster::name(id), " cannot be changed here");
}

void RealStage::stall(NodeId id, Duration duration) {
  process(id).stop();
  emit(id, {sim::kProcessStalled, {static_cast<std::uint64_t>(duration.count())}});
  Duration& until = stalled_until_[id];
  until = std::max(until, now() + duration);
  schedule(until, [this, id, life = process(id).incarnation()] { go_on(id, life); });
}

void RealStage::go_on(NodeId id, Incarnation life) {
  const auto stalled = stalled_until_.find(id);
  if (stalled == stalled_until_.end() || stalled->second > now() || process(id).incarnation() != life) return;
  stalled_until_.erase(stalled);
  process(id).go_on();
  emit(id, {sim::kProcessResumed, {0}});
}

void RealStage::release(NodeId id) {
  const auto found = processes_.find(id);
  if (found == processes_.end() || !found->second->is_running()) return;
  if (const auto stalled = stalled_until_.find(id); stalled != stalled_until_.end()) {
    stalled->second = now();
    go_on(id, found->second->incarnation());
  }
  faults::Orders orders;
  orders.release_all = true;
  found->second->order(orders);
}

}  // namespace lockstep::real
