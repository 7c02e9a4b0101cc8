// The ports as the actor sees them. A dead process's ports are deaf and dumb.
#include "sim/life.h"

#include "base/check.h"

namespace lockstep::sim {

Process::Life::Life(Process& process, std::uint64_t seed)
    : process_(process),
      seed_(seed),
      lanes_(*this, process.world_.stacks, seed),
      disk_(process.disk_, lanes_, *this, process.options_.disk, seed) {}

void Process::Life::start() {
  actor_ = process_.options_.factory({.self = process_.node_,
                                      .incarnation = process_.incarnation_,
                                      .seed = seed_,
                                      .clock = *this,
                                      .alarm = *this,
                                      .transport = *this,
                                      .disk = disk_,
                                      .lanes = lanes_,
                                      .probe = *this,
                                      .trace = *this});
  if (!process_.is_alive()) return;
  actor_->start();
  end_turn();
}

void Process::Life::on_frame(NodeId from, Channel channel, BytesView payload) {
  actor_->on_message(from, channel, payload);
  end_turn();
}

void Process::Life::on_job_done(env::LaneId lane) {
  actor_->on_job_done(lanes_.take_finished(lane));
  end_turn();
}

// Here every event is a turn of its own: what a real host delivers together only shares more.
void Process::Life::end_turn() {
  if (process_.is_alive()) actor_->on_turn_end();
}

void Process::Life::end() {
  lanes_.unwind();
  held_.clear();
  told_.clear();
  actor_.reset();
}

Instant Process::Life::monotonic_now() {
  return process_.clock_.monotonic_at(process_.world_.scheduler.now());
}

WallTime Process::Life::wall_now() { return process_.clock_.wall_at(process_.world_.scheduler.now()); }

// A later alarm needs no event of its own: the one on its way looks again. Actors move their alarm at
// almost every step and mostly to later, so this keeps the queue small.
void Process::Life::set(Instant at) {
  alarm_ = at;
  if (at == kNever || !process_.is_alive()) return;
  const SimTime due = process_.clock_.when(at);
  if (due >= next_alarm_event_) return;
  next_alarm_event_ = due;
  process_.schedule_at(due, {EventKind::kAlarm, 0});
}

// Stale events of earlier, sooner alarms come here too and find that it is not time yet.
void Process::Life::on_alarm_event() {
  if (process_.world_.scheduler.now() >= next_alarm_event_) next_alarm_event_ = kEndOfTime;
  if (alarm_ == kNever) return;
  if (monotonic_now() < alarm_) return set(alarm_);
  alarm_ = kNever;
  actor_->on_alarm();
  end_turn();
}

void Process::Life::send(NodeId to, Channel channel, BytesView payload) {
  if (process_.is_alive()) process_.world_.network.send(process_.node_, to, channel, payload);
}

void Process::Life::forget(NodeId) {}

void Process::Life::reached(const env::ProbePoint& point, std::uint64_t object, std::function<void()> then) {
  if (!process_.is_alive()) return;
  if (!process_.world_.probes.any_armed()) return then();
  const auto [decision, hit] =
      process_.world_.probes.reached(point.name, process_.node_, process_.incarnation_, object);
  if (hit != 0)
    process_.record({kProbeReached, {object, hit, static_cast<std::uint64_t>(decision.kind)}, point.name});
  if (!process_.is_alive()) return;
  if (decision.kind == ProbeDecision::Kind::kProceed) return then();
  const std::uint32_t ticket = next_ticket_++;
  held_.emplace(ticket, std::move(then));
  if (decision.kind == ProbeDecision::Kind::kHold)
    process_.schedule(decision.hold, {EventKind::kReleaseProbe, ticket});
}

void Process::Life::release_probe(std::uint32_t ticket) {
  const auto node = held_.extract(ticket);
  if (node.empty()) return;  // let go of before its time
  process_.record({kProbeReleased, {ticket}});
  if (!process_.is_alive()) return;
  node.mapped()();
  end_turn();
}

void Process::Life::release_all_probes() {
  for (const auto& [ticket, then] : held_) process_.schedule({}, {EventKind::kReleaseProbe, ticket});
}

void Process::Life::tell(std::function<void()> what) {
  const std::uint32_t ticket = next_ticket_++;
  told_.emplace(ticket, std::move(what));
  process_.schedule({}, {EventKind::kTold, ticket});
}

void Process::Life::on_told(std::uint32_t ticket) {
  const auto what = told_.extract(ticket);
  CHECK(!what.empty(), "ticket ", ticket);
  what.mapped()();
  end_turn();
}

void Process::Life::emit(const env::Event& event) {
  if (process_.is_alive()) process_.record(event);
}

void Process::Life::wake_lane_after(env::LaneId lane, Duration delay) {
  process_.schedule(delay, {EventKind::kWakeLane, static_cast<std::uint32_t>(lane)});
}

void Process::Life::on_job_started(env::LaneId lane, std::uint64_t ordinal) {
  process_.record({kJobStarted, {static_cast<std::uint64_t>(lane), ordinal}});
}

void Process::Life::on_job_finished(env::LaneId lane, std::uint64_t ordinal) {
  process_.record({kJobFinished, {static_cast<std::uint64_t>(lane), ordinal}});
  process_.schedule(Duration{}, {EventKind::kJobDone, static_cast<std::uint32_t>(lane)});
}

void Process::Life::on_file_synced(env::LaneId lane, std::string_view path, bool ok) {
  process_.record({kFileSynced, {static_cast<std::uint64_t>(lane), ok}, path});
}

Duration Process::Life::extra_wait(const DiskCall& call) {
  return process_.disk_rules_.delay(call, process_.world_.scheduler.now());
}

void Process::Life::on_directory_synced(env::LaneId lane, std::string_view path, bool ok) {
  process_.record({kDirectorySynced, {static_cast<std::uint64_t>(lane), ok}, path});
}

}  // namespace lockstep::sim
