// "Decided" is what the log says: the insert is guarded by the device's newest window, whoever tries.
#include "hub/decisions.h"

#include <algorithm>

#include "base/env/function_job.h"
#include "base/field_numbers.h"
#include "hub/events.h"
#include "hub/schema.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::milliseconds kTryAgain{20};
// What edges say of time is any number; deadlines are some windows later.
constexpr std::int64_t kLatestNs = std::int64_t{1} << 62;

wire::Instruction instruction_of(const KnownDevice& device, const Decision& decision,
                                 std::int64_t deadline_ns, std::uint64_t model_version) {
  wire::Instruction instruction;
  instruction.set_device(device.model.name);
  instruction.set_action("set");
  for (std::size_t i = 0; i < decision.commands.size(); ++i) {
    wire::Parameter& parameter = *instruction.add_parameters();
    parameter.set_name(device.model.actuators[i].name);
    parameter.mutable_value()->set_value(decision.commands[i]);
    parameter.mutable_value()->set_unit(device.described.actuators(static_cast<int>(i)).unit());
  }
  instruction.set_deadline_ns(deadline_ns);
  instruction.set_priority(decision.bounded ? 1 : 0);  // what keeps the envelope goes first
  instruction.set_model_version(model_version);
  return instruction;
}

// Its number is the next one above `last_number`, and above all that are under way into the log.
wire::Statement insert(std::uint64_t window, const Inputs& inputs, const wire::Instruction& instruction,
                       std::uint64_t last_number) {
  return statement(
      "INSERT INTO hub_instructions(id, device, window, action, body, input_from_ns, input_to_ns, "
      "input_index, model_version, deadline_ns, state, outcome) "
      "SELECT 1 + max(?10, coalesce((SELECT max(id) FROM hub_instructions), 0)), ?1, ?2, ?3, ?4, ?5, ?6, ?7, "
      "?8, ?9, 1, 0 "
      "WHERE NOT EXISTS(SELECT 1 FROM hub_instructions AS i WHERE i.device = ?1 AND i.window >= ?2)",
      instruction.device(), window, instruction.action(), BlobView{instruction.SerializeAsString()},
      inputs.from_ns, inputs.to_ns, inputs.applied, instruction.model_version(), instruction.deadline_ns(),
      last_number);
}

wire::Statement count_decided() {
  return statement("UPDATE hub_totals SET decided = decided + 1 WHERE changes() > 0");
}

std::uint64_t version_of(const Inputs& inputs, wire::PackageKind kind) {
  const auto found = inputs.active.find(kind);
  return found == inputs.active.end() ? 0 : found->second;
}

}  // namespace

// ---- the feed ----------------------------------------------------------------------------------------

void Decisions::on_row(const sql::RowChange& change) {
  if (change.after.empty()) return;
  if (change.table == kDevices) {
    const DeviceRow row(change.after);
    describe(row.device, row.description);
  } else if (change.table == kInstructions) {
    const InstructionRow row(change.after);
    Last& last = last_[row.device];
    if (row.window >= last.window) last = {row.window, row.input_to_ns};
    due_.insert(row.device);  // its window, its outcome or a missed deadline: a newer window may have closed
                              // meanwhile
  }
}

void Decisions::describe(const std::string& name, BytesView description) {
  auto known = known_device(description);
  if (!known) return;
  Device& device = devices_[name];
  for (const std::string& series : device.known.series) signals_.erase(series);  // it may have others now
  device.known = *std::move(known);
  device.newest_ns.assign(device.known.series.size(), 0);
  for (std::size_t i = 0; i < device.known.series.size(); ++i) signals_[device.known.series[i]] = {name, i};
  if (leads_) ask_newest(name, device);  // readings may have come before their description
}

void Decisions::on_block(const sql::RowChange& change) {
  const Fields row(change.after);
  see_newest(row.text(0), row.integer(2));
}

void Decisions::see_newest(std::string_view series, std::int64_t time_ns) {
  const auto signal = signals_.find(series);
  if (signal == signals_.end()) return;
  const auto& [name, place] = signal->second;
  std::vector<std::int64_t>& newest = devices_.at(name).newest_ns;
  if (place >= newest.size()) return;
  newest[place] = std::clamp<std::int64_t>(
      time_ns, 0, kLatestNs);  // what came last, even if the edge's clock was set back
  due_.insert(name);
}

// ---- leading -----------------------------------------------------------------------------------------

// Where this life has not seen a device's last readings, the database has.
void Decisions::on_lead() {
  leads_ = true;
  ++reign_;
  due_.clear();
  put_off_.clear();
  clocks_.clear();
  for (auto& [name, device] : devices_) {
    device.busy = false;
    due_.insert(name);
    ask_newest(name, device);
  }
}

void Decisions::ask_newest(const std::string& name, const Device& device) {
  surroundings_.database.query(newest_query(device.known), wire::LOCAL, [this, name](const Read& read) {
    const auto found = devices_.find(name);
    if (!read.ok() || found == devices_.end()) return;
    for (const wire::Row& row : read.reply.rows().rows()) {
      const std::vector<sql::Value> values = from_wire(row);
      const Fields fields(values);
      const std::size_t signal = fields.number(0);
      if (signal >= found->second.newest_ns.size() || found->second.newest_ns[signal] != 0) continue;
      see_newest(found->second.known.series[signal], fields.integer(1));
    }
  });
}

void Decisions::act(Instant now, bool leads) {
  leads_ = leads;
  if (!leads) {
    due_.clear();
    again_ = kNever;
    return;
  }
  if (now >= again_) {
    again_ = kNever;
    due_.merge(put_off_);
    put_off_.clear();
  }
  for (const std::string& name : std::exchange(due_, {})) {
    const auto found = devices_.find(name);
    if (found != devices_.end() && !found->second.busy) begin(name, found->second);
  }
}

// Windows are numbered by their end, as long as the edge's clock goes forward. When it was set back, counting
// goes on from the last number: the plant needs commands, and a number is never used twice.
std::uint64_t Decisions::next_window(const std::string& name, const Device& device,
                                     std::uint64_t closed) const {
  const auto found = last_.find(name);
  if (found == last_.end()) return closed;
  const Last& last = found->second;
  const std::uint64_t shift = last.window - static_cast<std::uint64_t>(last.to_ns / device.known.window_ns);
  const std::uint64_t by_end = closed + shift;  // unsigned: a shift back is a large number, and wraps around
  return by_end + 1 < last.window ? last.window + 1 : by_end;
}

// ---- one decision ------------------------------------------------------------------------------------

std::int64_t Decisions::deadline_ns(const KnownDevice& device, std::uint64_t closed) const {
  const std::uint64_t last = closed + surroundings_.config.deadline_windows;
  return static_cast<std::int64_t>(last) * device.window_ns;
}

// An edge that was away brings what it has in order. What would expire on arrival helps no plant, and writing
// it down makes the rest come later.
bool Decisions::is_too_late(const std::string& name, const Device& device, std::uint64_t closed) const {
  const auto clock = clocks_.find(edge_number(edge_of(name)));
  return clock != clocks_.end() && clock->second > deadline_ns(device.known, closed);
}

void Decisions::skip(const std::string& name, Device& device, std::uint64_t window) {
  if (std::exchange(device.skipped, window) == window) return;
  surroundings_.env.trace.emit({kWindowSkipped, {device_number(name), window}, name});
}

void Decisions::begin(const std::string& name, Device& device) {
  const std::uint64_t closed = closed_window(device.known, device.newest_ns);
  const std::uint64_t window = next_window(name, device, closed);
  const auto last = last_.find(name);
  if (closed == 0 || (last != last_.end() && window <= last->second.window)) return;
  if (is_too_late(name, device, closed)) return skip(name, device, window);
  device.busy = true;
  const Making making{name, window, closed, reign_};
  surroundings_.database.query(
      inputs_query(device.known, closed), wire::LOCAL, [this, making](const Read& read) {
        if (!is_current(making)) return;
        if (!read.ok()) return end(making, true);
        Inputs inputs = read_inputs(devices_.at(making.device).known, making.closed, read.reply);
        if (inputs.decided >= making.window) return end(making, true);  // the feed will say so in a moment
        decide(making, std::move(inputs));
      });
}

// With the versions that are in force at the index of the inputs, or not now.
void Decisions::decide(const Making& making, Inputs inputs) {
  const DecidingPair pair{version_of(inputs, wire::MODEL), version_of(inputs, wire::POLICY)};
  std::shared_ptr<Decider> decider = in_force_.decider(pair);
  if (decider == nullptr) return end(making, true);
  const std::uint64_t model_version = in_force_.in_use().model;
  surroundings_.env.lanes.submit(
      kModelLane,
      env::make_job(
          [decider, model = devices_.at(making.device).known.model, inputs = std::move(inputs)]() mutable {
            Decision decision = decider->decide(model, inputs.window, inputs.correction);
            return Decided{std::move(decision), std::move(inputs)};
          },
          [this, making, model_version](Decided decided) {
            if (is_current(making)) write(making, decided, model_version);
          }));
}

void Decisions::write(const Making& making, const Decided& decided, std::uint64_t model_version) {
  const KnownDevice& device = devices_.at(making.device).known;
  const Inputs& inputs = decided.inputs;
  // A description that has changed meanwhile makes another decision.
  if (decided.decision.commands.size() != device.model.actuators.size()) return end(making, true);
  const std::uint64_t number = device_number(making.device);
  surroundings_.env.trace.emit(
      {kDecided,
       {number, making.window, inputs.applied, model_version, inputs.correction.updates > 0 ? 1u : 0u},
       making.device});
  if (decided.decision.bounded)
    surroundings_.env.trace.emit({kEnvelopeBounded, {number, making.window}, making.device});
  std::vector<wire::Statement> statements;
  statements.push_back(
      insert(making.window, inputs,
             instruction_of(device, decided.decision, deadline_ns(device, making.closed), model_version),
             totals_.last_number()));
  statements.push_back(count_decided());
  surroundings_.database.write(std::move(statements), [this, making](const Written& written) {
    if (is_current(making)) end(making, !written.ok());
  });
}

void Decisions::end(const Making& making, bool retry) {
  devices_.at(making.device).busy = false;
  if (!retry) return due_.insert(making.device), void();
  put_off_.insert(making.device);
  if (again_ == kNever) again_ = surroundings_.now() + kTryAgain;
}

}  // namespace lockstep::hub
