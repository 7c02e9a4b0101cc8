// Birth, death, stalls, and the gate through which every event of a process passes.
#include "sim/process.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/prng.h"
#include "sim/life.h"

namespace lockstep::sim {
namespace {

constexpr Purpose kDiskSeed{"sim.process.disk"};
constexpr Purpose kDiskRulesSeed{"sim.process.disk_rules"};
constexpr Purpose kRottenBit{"sim.process.rotten_bit"};
constexpr Purpose kLifeSeed{"sim.process.life"};

// A token is kind (8 bits), incarnation (24), subject (32).
constexpr std::uint64_t kMostIncarnations = std::uint64_t{1} << 24;

}  // namespace

Process::Process(const Surroundings& world, NodeId node, ClusterId cluster, ProcessOptions options,
                 std::uint64_t seed)
    : world_(world),
      node_(node),
      options_(std::move(options)),
      seed_(seed),
      clock_(options_.clock),
      disk_(draw(seed, kDiskSeed, node.value(), 0)),
      disk_rules_(draw(seed, kDiskRulesSeed, node.value(), 0),
                  [this](DiskTrouble trouble, const DiskCall& call) {
                    record_disk_fault(trouble, static_cast<std::uint64_t>(call.operation) + 1, call);
                  }) {
  disk_.set_faults(&disk_rules_);
  disk_.set_on_forgot([this](std::uint64_t files) { record({kDiskForgot, {files}}); });
  world_.network.add_host(node, options_.cluster.is_none() ? cluster : options_.cluster, *this);
}

Process::~Process() {
  CHECK(depth_ == 0, "a world ends inside the code of node ", node_);
  if (life_ == nullptr) return;
  life_->die();
  dying_ = true;
  waiting_.clear();  // dropping frames would tell observers, and the run is over
  bury();
}

void Process::start() {
  CHECK(life_ == nullptr, "node ", node_, " is running");
  incarnation_ = incarnation_.next();
  CHECK(incarnation_.value() < kMostIncarnations);
  stalled_until_ = {};
  life_ = std::make_unique<Life>(*this, draw(seed_, kLifeSeed, node_.value(), incarnation_.value()));
  record({kProcessStarted, {}});
  const Inside inside(*this);
  life_->start();
}

void Process::kill() {
  if (!is_alive()) return;
  disk_.process_crash();
  life_->die();
  dying_ = true;
  record({kProcessKilled, {}});
  if (depth_ == 0) bury();
}

void Process::power_loss() {
  record({kPowerLost, {}});
  disk_.power_loss();
  kill();
}

void Process::stall(Duration duration) {
  if (!is_alive()) return;
  stalled_until_ = std::max(stalled_until_, world_.scheduler.now() + duration);
  record({kProcessStalled, {static_cast<std::uint64_t>(duration.count())}});
  schedule_at(stalled_until_, {EventKind::kStallEnds, 0});
}

void Process::release() {
  if (!is_alive()) return;
  life_->release_all_probes();
  if (!is_stalled()) return;
  stalled_until_ = world_.scheduler.now();
  resume_from_stall();
}

void Process::tell(std::function<void()> what) {
  if (is_alive()) life_->tell(std::move(what));
}

void Process::set_drift(std::int64_t drift_ppm) {
  clock_.set_drift(world_.scheduler.now(), drift_ppm);
  record({kDriftChanged, {static_cast<std::uint64_t>(drift_ppm)}});
  if (is_alive()) life_->on_clock_changed();
}

void Process::jump_wall(Duration by) {
  clock_.jump_wall(by);
  record({kWallJumped, {static_cast<std::uint64_t>(by.count())}});
}

void Process::leap_clock(Duration by) {
  clock_.leap(by);
  record({kClockLeapt, {static_cast<std::uint64_t>(by.count())}});
  if (is_alive()) life_->on_clock_changed();
}

// The thaw belongs to the machine, not to a life: it comes whoever runs then.
void Process::freeze_clock(Duration duration) {
  Scheduler& scheduler = world_.scheduler;
  clock_.freeze(scheduler.now());
  record({kClockFrozen, {static_cast<std::uint64_t>(duration.count())}});
  scheduler.call(scheduler.now() + duration, [this] {
    clock_.thaw(world_.scheduler.now());
    if (is_alive()) life_->on_clock_changed();
  });
}

void Process::set_clock_tick(Duration tick) {
  clock_.set_tick(world_.scheduler.now(), tick);
  record({kClockTick, {static_cast<std::uint64_t>(tick.count())}});
  if (is_alive()) life_->on_clock_changed();
}

std::uint64_t Process::rot_disk(std::string_view where, std::uint64_t bytes, std::uint64_t seed) {
  const auto places = disk_.draw_places(where, bytes, seed);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const unsigned bit = static_cast<unsigned>(below(draw(seed, kRottenBit, 0, i), 8));
    disk_.flip(places[i].path, places[i].offset, static_cast<unsigned char>(1u << bit));
    record_disk_fault(
        DiskTrouble::kRot, 0,
        {.operation = DiskOperation::kRead, .path = places[i].path, .offset = places[i].offset, .size = 1});
  }
  return places.size();
}

void Process::record_disk_fault(DiskTrouble trouble, std::uint64_t operation, const DiskCall& call) {
  record({kDiskFault, {static_cast<std::uint64_t>(trouble), operation, call.offset, call.size}, call.path});
}

void Process::record(const env::Event& event) {
  world_.recorder.record(world_.scheduler.now(), node_, incarnation_, event);
}

void Process::schedule(Duration delay, Happening happening) {
  schedule_at(world_.scheduler.now() + delay, happening);
}

void Process::schedule_at(SimTime at, Happening happening) {
  const std::uint64_t token =
      (static_cast<std::uint64_t>(happening.kind) << 56) | (incarnation_.value() << 32) | happening.subject;
  world_.scheduler.schedule(at, *this, token);
}

void Process::on_event(std::uint64_t token) {
  const Incarnation addressee((token >> 32) % kMostIncarnations);
  if (!is_alive() || addressee != incarnation_) return;
  const Happening happening{static_cast<EventKind>(token >> 56), static_cast<std::uint32_t>(token)};
  if (happening.kind == EventKind::kStallEnds) return resume_from_stall();
  if (is_stalled() || !waiting_.empty())
    waiting_.push_back(happening);
  else
    react(happening);
}

void Process::on_arrival(FrameTicket frame) {
  if (!is_alive()) return world_.network.drop(frame, DropReason::kReceiverDead);
  if (is_stalled() || !waiting_.empty())
    waiting_.push_back({EventKind::kFrame, frame});
  else
    react({EventKind::kFrame, frame});
}

void Process::on_frame(NodeId from, Channel channel, BytesView payload) {
  if (is_alive()) life_->on_frame(from, channel, payload);
}

void Process::react(Happening happening) {
  const Inside inside(*this);
  switch (happening.kind) {
    case EventKind::kAlarm: return life_->on_alarm_event();
    case EventKind::kWakeLane:
      return life_->wake_lane(env::LaneId{static_cast<std::uint8_t>(happening.subject)});
    case EventKind::kJobDone:
      return life_->on_job_done(env::LaneId{static_cast<std::uint8_t>(happening.subject)});
    case EventKind::kReleaseProbe: return life_->release_probe(happening.subject);
    case EventKind::kFrame: return world_.network.open(happening.subject);
    case EventKind::kTold: return life_->on_told(happening.subject);
    case EventKind::kStallEnds: break;
  }
  CHECK(false, "no reaction to event kind ", static_cast<int>(happening.kind));
}

void Process::resume_from_stall() {
  if (is_stalled()) return;
  record({kProcessResumed, {waiting_.size()}});
  while (is_alive() && !is_stalled() && !waiting_.empty()) {
    const Happening next = waiting_.front();
    waiting_.pop_front();
    react(next);
  }
}

void Process::bury() {
  life_->end();
  life_.reset();
  dying_ = false;
  for (const Happening& happening : std::exchange(waiting_, {}))
    if (happening.kind == EventKind::kFrame)
      world_.network.drop(happening.subject, DropReason::kReceiverDead);
}

}  // namespace lockstep::sim
