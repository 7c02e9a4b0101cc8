// The life of an instruction on the edge.
#include "edge/executions.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "edge/events.h"
#include "edge/instruction_rows.h"
#include "edge/trees.h"

namespace lockstep::edge {

using wire::InstructionResult;

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// A silent sensor is no evidence: the quantity is left out.
void set_if_shown(double value, const std::string& unit, wire::Evidence& evidence,
                  wire::Quantity* (wire::Evidence::*field)()) {
  if (std::isnan(value)) return;
  wire::Quantity& quantity = *(evidence.*field)();
  quantity.set_value(value);
  quantity.set_unit(unit);
}

}  // namespace

Executions::Executions(const env::Env& env, ExecutionOptions options, const Description& description,
                       Driver& driver, StoreLane& lane, Send send)
    : env_(env),
      options_(options),
      description_(description),
      driver_(driver),
      lane_(lane),
      send_(std::move(send)),
      devices_(description.devices().size()) {}

Executions::Record* Executions::find(std::uint64_t id) {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : &found->second;
}

void Executions::save(std::uint64_t id, const Record& record, Commit& commit) const {
  commit.changes.put(kInstructionTree, instruction_key(id), encode_instruction(record.row));
}

// ---- after a restart --------------------------------------------------------------------------------

void Executions::start(ExecutionContents contents) {
  floor_ = contents.floor;
  for (auto& [id, row] : contents.rows) resume(id, std::move(row));
  advance();
}

void Executions::resume(std::uint64_t id, InstructionRow row) {
  Record& record = records_[id];
  record.row = std::move(row);
  record.durable = true;
  record.device = description_.find(record.row.instruction.device()).value_or(devices_.size());
  record.settled = id < floor_;
  switch (record.row.state) {
    case InstructionState::kSettled: break;
    case InstructionState::kEnded:
      // Durable it was, but whether that was told before the crash nobody knows.
      env_.trace.emit(
          {kInstructionEnded, {id, record.device, static_cast<std::uint64_t>(record.row.result.outcome())}});
      record.send_at = result_at_ = now();
      break;
    case InstructionState::kTaken:
      env_.trace.emit({kInstructionTaken, {id, record.device}});
      if (record.device == devices_.size()) return end(id, InstructionResult::REFUSED, "the device is gone");
      devices_[record.device].waiting.insert(id);
      break;
    case InstructionState::kBegun: {
      const std::int64_t deadline = record.row.instruction.deadline_ns();
      const bool in_time = deadline == 0 || wall_ns() <= deadline;
      if (!record.row.instruction.idempotent() || !in_time || record.settled ||
          record.device == devices_.size())
        return end(id, InstructionResult::INTERRUPTED, "the edge stopped after it had begun");
      record.row.state = InstructionState::kTaken;  // once more, if nothing comes between
      devices_[record.device].waiting.insert(id);
    }
  }
}

// ---- from the hub -----------------------------------------------------------------------------------

void Executions::on_instruction(const wire::Instruction& instruction) {
  const std::uint64_t id = instruction.id();
  if (id == 0) return;
  if (find(id) != nullptr || id < floor_) return repeat(id);
  if (records_.size() >= options_.most_open) return;  // not acknowledged: the hub will send it again
  take(instruction);
}

// It is known, or it was and is settled.
void Executions::repeat(std::uint64_t id) {
  env_.trace.emit({kDuplicateRefused, {id}});
  Record* record = find(id);
  if (record != nullptr && record->row.state == InstructionState::kTaken && !record->durable)
    return;  // acknowledged when it is durable
  acknowledge(id, true);
  if (record != nullptr && record->row.state == InstructionState::kEnded && record->durable)
    send_result(*record);
}

void Executions::take(const wire::Instruction& instruction) {
  const std::uint64_t id = instruction.id();
  Record& record = records_[id];
  record.row.instruction = instruction;
  record.device = description_.find(instruction.device()).value_or(devices_.size());
  const std::string objection = description_.objection(instruction);
  Commit commit;
  save(id, record, commit);
  commit.events.push_back({kInstructionTaken, {id, record.device}});
  commit.then = [this, id] {
    acknowledge(id, false);
    Record* taken = find(id);
    if (taken == nullptr || taken->row.state != InstructionState::kTaken) return;
    taken->durable = true;
    devices_[taken->device].waiting.insert(id);
    advance(taken->device);
  };
  lane_.commit(std::move(commit));
  if (!objection.empty()) end(id, InstructionResult::REFUSED, objection);
}

void Executions::acknowledge(std::uint64_t id, bool duplicate) {
  wire::FieldMessage message;
  message.mutable_instruction_ack()->set_id(id);
  message.mutable_instruction_ack()->set_duplicate(duplicate);
  send_(message);
}

// How an instruction that waits ends if it is not executed: one that was begun in a former life may have
// been.
InstructionResult::Outcome Executions::without_execution(const Record& record) {
  return record.row.attempts == 0 ? InstructionResult::CANCELLED : InstructionResult::INTERRUPTED;
}

void Executions::on_cancel(std::uint64_t id) {
  if (id == 0 || id < floor_) return;
  Record* record = find(id);
  if (record == nullptr) {  // it has overtaken its instruction, which must not be executed when it comes
    if (records_.size() >= options_.most_open) return;
    record = &records_[id];
    record->device = devices_.size();
    record->row.instruction.set_id(id);
  } else if (record->row.state == InstructionState::kEnded && record->durable) {
    return send_result(*record);
  } else if (record->row.state != InstructionState::kTaken) {
    return;  // what has begun goes on
  }
  end(id, without_execution(*record), "the hub took it back");
}

void Executions::on_settled(const wire::Settled& settled) {
  Commit commit;
  commit.patient = true;
  for (const std::uint64_t id : settled.ids()) {
    if (id == 0 || id < floor_ || (find(id) == nullptr && records_.size() >= options_.most_open)) continue;
    forget_or_keep(id, commit);
  }
  if (settled.floor() > floor_) {
    floor_ = settled.floor();
    put_floor(floor_, commit);
    for (auto next = records_.begin(); next != records_.end() && next->first < floor_;)
      forget_or_keep((next++)->first, commit);
  }
  if (!commit.changes.empty()) lane_.commit(std::move(commit));
}

// The hub has its outcome. Below the floor the number alone tells a late duplicate; above, a row must.
void Executions::forget_or_keep(std::uint64_t id, Commit& commit) {
  Record& record = records_[id];
  const InstructionState state = record.row.state;
  if (state == InstructionState::kBegun) {
    record.settled = true;  // it ends first
    return;
  }
  if (state == InstructionState::kTaken && record.row.instruction.id() != 0) {
    // The hub has given it up.
    if (record.device < devices_.size()) devices_[record.device].waiting.erase(id);
    commit.events.push_back(
        {kInstructionEnded, {id, record.device, static_cast<std::uint64_t>(without_execution(record))}});
  }
  if (id < floor_) {
    commit.changes.erase(kInstructionTree, instruction_key(id));
    records_.erase(id);
    return;
  }
  if (state == InstructionState::kSettled) return;
  record.row = {.state = InstructionState::kSettled};
  record.send_at = kNever;
  save(id, record, commit);
}

// ---- execution --------------------------------------------------------------------------------------

void Executions::advance() {
  for (std::size_t device = 0; device < devices_.size(); ++device) advance(device);
}

void Executions::advance(std::size_t device) {
  if (devices_[device].running == 0)
    if (const auto id = next_due(device)) begin(device, *id);
  set_wall_look();
}

// Of those that are due the one of the highest priority, then the oldest. What is too late ends here.
std::optional<std::uint64_t> Executions::next_due(std::size_t device) {
  const std::int64_t wall = wall_ns();
  std::optional<std::uint64_t> best;
  const std::set<std::uint64_t> waiting = devices_[device].waiting;
  for (const std::uint64_t id : waiting) {
    const Record& record = records_.at(id);
    const wire::Instruction& instruction = record.row.instruction;
    if (instruction.deadline_ns() != 0 && wall > instruction.deadline_ns()) {
      end(id, record.row.attempts == 0 ? InstructionResult::EXPIRED : InstructionResult::INTERRUPTED,
          "its deadline has passed");
      continue;
    }
    if (instruction.not_before_ns() > wall) continue;
    if (!best || instruction.priority() > records_.at(*best).row.instruction.priority()) best = id;
  }
  return best;
}

void Executions::begin(std::size_t device, std::uint64_t id) {
  Record& record = records_.at(id);
  devices_[device].waiting.erase(id);
  devices_[device].running = id;
  record.row.state = InstructionState::kBegun;
  record.durable = false;
  ++record.row.attempts;
  Commit commit;
  save(id, record, commit);
  commit.then = [this, id] {
    records_.at(id).durable = true;
    env_.probe.reached(kBeforeExecute, id, [this, id, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) execute(id);
    });
  };
  lane_.commit(std::move(commit));
}

void Executions::execute(std::uint64_t id) {
  Record& record = records_.at(id);
  const std::size_t device = record.device;
  DeviceState& state = devices_[device];
  state.before = look(device);
  state.is_told = true;
  record.row.result.set_executed_ns(wall_ns());
  env_.trace.emit({kExecuted, {id, device, record.row.attempts}, record.row.instruction.action()});
  for (const wire::Parameter& parameter : record.row.instruction.parameters()) {
    const Status done = driver_.actuate(device, parameter.name(), parameter.value().value());
    if (!done) return end(id, InstructionResult::FAILED, cat(parameter.name(), ": ", done.error().message));
  }
  wire::FieldMessage message;
  message.mutable_progress()->set_id(id);
  message.mutable_progress()->set_fraction(0.5);
  send_(message);
  state.look_at = now() + options_.evidence_after;
}

// What each signal shows.
std::vector<double> Executions::look(std::size_t device) {
  std::vector<Sample> samples;
  driver_.look(device, samples);
  std::vector<double> shown(description_.devices()[device].signals.size(), kNothing);
  for (const Sample& sample : samples)
    if (sample.signal < shown.size()) shown[sample.signal] = sample.value;
  return shown;
}

void Executions::finish(std::size_t device) {
  DeviceState& state = devices_[device];
  const std::uint64_t id = state.running;
  Record& record = records_.at(id);
  const std::vector<double> after = look(device);
  const auto& signals = description_.devices()[device].signals;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    wire::Evidence& evidence = *record.row.result.add_evidence();
    evidence.set_signal(signals[i].name);
    set_if_shown(state.before[i], signals[i].unit, evidence, &wire::Evidence::mutable_before);
    set_if_shown(after[i], signals[i].unit, evidence, &wire::Evidence::mutable_after);
  }
  end(id, InstructionResult::DONE, {});
}

void Executions::end(std::uint64_t id, InstructionResult::Outcome outcome, std::string message) {
  Record& record = records_.at(id);
  const std::size_t device = record.device;
  record.row.state = InstructionState::kEnded;
  record.row.result.set_id(id);
  record.row.result.set_outcome(outcome);
  record.row.result.set_message(std::move(message));
  record.durable = false;
  Commit commit;
  save(id, record, commit);
  commit.events.push_back({kInstructionEnded, {id, device, static_cast<std::uint64_t>(outcome)}});
  if (record.settled) {
    Commit late;
    forget_or_keep(id, late);
    lane_.commit(std::move(commit));
    lane_.commit(std::move(late));
  } else {
    commit.then = [this, id] {
      Record* ended = find(id);
      if (ended == nullptr || ended->row.state != InstructionState::kEnded) return;
      ended->durable = true;
      send_result(*ended);
    };
    lane_.commit(std::move(commit));
  }
  if (device >= devices_.size()) return;
  DeviceState& state = devices_[device];
  state.waiting.erase(id);
  if (state.running != id) return;
  state.running = 0;
  state.is_told = false;
  state.look_at = kNever;
  advance(device);
}

// ---- results and time -------------------------------------------------------------------------------

void Executions::send_result(Record& record) {
  wire::FieldMessage message;
  *message.mutable_result() = record.row.result;
  send_(message);
  record.send_at = now() + options_.result_every;
  result_at_ = std::min(result_at_, record.send_at);
}

void Executions::on_found() {
  for (auto& [id, record] : records_)
    if (record.row.state == InstructionState::kEnded && record.durable) send_result(record);
}

Instant Executions::deadline() const {
  Instant first = std::min(result_at_, wall_look_at_);
  for (const DeviceState& device : devices_) first = std::min(first, device.look_at);
  return first;
}

void Executions::on_deadline() {
  for (std::size_t device = 0; device < devices_.size(); ++device)
    if (devices_[device].is_told && devices_[device].look_at <= now()) finish(device);
  if (wall_look_at_ <= now()) advance();
  if (result_at_ > now()) return;
  result_at_ = kNever;
  for (auto& [id, record] : records_) {
    if (record.send_at <= now()) send_result(record);
    result_at_ = std::min(result_at_, record.send_at);
  }
}

// The wall clock has no alarm and may jump: it is looked at now and then while something waits for it.
void Executions::set_wall_look() {
  wall_look_at_ = kNever;
  const std::int64_t wall = wall_ns();
  for (const DeviceState& device : devices_)
    for (const std::uint64_t id : device.waiting) {
      const std::int64_t not_before = records_.at(id).row.instruction.not_before_ns();
      Duration wait = options_.look_at_wall_every;
      if (not_before > wall && device.running == 0) wait = std::min(wait, Duration(not_before - wall));
      wall_look_at_ = std::min(wall_look_at_, now() + wait);
    }
}

}  // namespace lockstep::edge
