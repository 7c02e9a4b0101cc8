// A leader may send what another has sent: the edge executes at most once, and its results are taken once.
#include "hub/instructions.h"

#include <algorithm>

#include "hub/events.h"
#include "hub/supervision.h"

namespace lockstep::hub {
namespace {

// Before it is settled: whoever noted its deadline as missed has counted it.
wire::Statement count_missed(const wire::InstructionResult& result) {
  return statement(
      "UPDATE hub_totals SET missed = missed + 1 WHERE EXISTS(SELECT 1 FROM hub_instructions WHERE id = ?1 "
      "AND state = 1)",
      result.id());
}

// The first who says so is believed.
wire::Statement settle(const wire::InstructionResult& result) {
  return statement(
      "UPDATE hub_instructions SET state = 3, outcome = ?2, result = ?3 WHERE id = ?1 AND state < 3",
      result.id(), static_cast<std::uint64_t>(result.outcome()), BlobView{result.SerializeAsString()});
}

// In the same transaction, behind settle(): changes() of each is above zero if those of the one before are.
wire::Statement count_outcome(const wire::InstructionResult& result) {
  return statement(
      "UPDATE hub_totals SET done = done + (?1 = 1), failed = failed + (?1 = 2), expired = expired + (?1 = "
      "3), "
      "cancelled = cancelled + (?1 = 4), refused = refused + (?1 = 5), interrupted = interrupted + (?1 = 6) "
      "WHERE changes() > 0",
      static_cast<std::uint64_t>(result.outcome()));
}

wire::Statement correct(const std::string& device, double factor) {
  return statement(
      "INSERT INTO hub_corrections(device, gain, updates) SELECT ?1, ?2, 1 WHERE changes() > 0 "
      "ON CONFLICT(device) DO UPDATE SET gain = max(?3, min(?4, gain * ?2)), updates = updates + 1",
      device, factor, kLeastGain, kMostGain);
}

wire::Instruction instruction_of(const InstructionRow& row) {
  wire::Instruction instruction;
  if (!instruction.ParseFromString(row.body)) instruction.Clear();
  instruction.set_id(row.id);
  instruction.set_device(row.device);
  return instruction;
}

}  // namespace

// ---- the feed ----------------------------------------------------------------------------------------

void Instructions::on_row(const sql::RowChange& change) {
  if (change.table != kInstructions) return;
  if (change.after.empty()) {
    open_.erase(InstructionRow(change.before).id);
    return;
  }
  const InstructionRow row(change.after);
  newest_ = std::max(newest_, row.id);
  if (row.state == InstructionState::kSettled) {
    open_.erase(row.id);
    if (leads_) settled_[std::string(edge_of(row.device))].insert(row.id);
    return;
  }
  const auto [place, is_new] = open_.try_emplace(row.id);
  place->second.row = row;
  for (auto& [id, open] : open_) open.superseded |= id < row.id && open.row.device == row.device;
  if (is_new && leads_) follow_up(place->second);
}

void Instructions::follow_up(Open& open) {
  const Instant now = surroundings_.now();
  open.send_at = now;
  open.patience = surroundings_.config.resend_first;
  open.acknowledged = false;
  open.taken_back = false;
  open.settling = false;
  // By this node's own clock, for the edge's may jump; as long as the edge has by its clock, and a little
  // more.
  const Duration allowed(open.row.deadline_ns - open.row.input_to_ns);
  open.missed_at =
      open.row.state == InstructionState::kOpen ? now + allowed + surroundings_.config.resend_first : kNever;
}

void Instructions::on_lead() {
  leads_ = true;
  settled_.clear();
  for (auto& [id, open] : open_) follow_up(open);
}

// ---- what edges say ----------------------------------------------------------------------------------

// It is back, perhaps: what it has not acknowledged need not wait until its patience ends. What it has
// forgotten as settled, though it is open here, is of an older database that was restored.
void Instructions::on_hello(const wire::Hello& hello) {
  const Instant now = surroundings_.now();
  for (auto& [id, open] : open_) {
    if (edge_of(open.row.device) != hello.name()) continue;
    if (id < hello.floor()) {
      give_up(open);
    } else if (!open.acknowledged) {
      open.send_at = std::min(open.send_at, now);
    }
  }
}

// The edge will not say how it ended: the outcome stays 0, for nobody knows.
void Instructions::give_up(Open& open) {
  if (std::exchange(open.settling, true)) return;
  std::vector<wire::Statement> statements;
  statements.push_back(
      statement("UPDATE hub_instructions SET state = 3 WHERE id = ?1 AND state < 3", open.row.id));
  surroundings_.database.write(std::move(statements), [this, id = open.row.id](const Written&) {
    const auto still = open_.find(id);
    if (still != open_.end()) still->second.settling = false;  // the next hello tries again
  });
}

void Instructions::on_ack(NodeId from, const wire::InstructionAck& ack) {
  const auto found = open_.find(ack.id());
  if (found == open_.end() || edges_.node_of(edge_of(found->second.row.device)) != from) return;
  found->second.acknowledged = true;
  found->second.send_at = surroundings_.now() + surroundings_.config.resend_most;
}

void Instructions::on_result(NodeId from, const wire::InstructionResult& result) {
  const auto found = open_.find(result.id());
  if (found == open_.end()) {  // settled long ago, and the edge has not heard of it
    for (const auto& [name, edge] : edges_.edges())
      if (edge.node == from && result.id() <= newest_) settled_[name].insert(result.id());
    return;
  }
  Open& open = found->second;
  if (edges_.node_of(edge_of(open.row.device)) != from || open.settling || result.outcome() == 0) return;
  open.settling = true;
  std::vector<wire::Statement> statements;
  if (result.outcome() == wire::InstructionResult::EXPIRED) statements.push_back(count_missed(result));
  statements.push_back(settle(result));
  statements.push_back(count_outcome(result));
  const auto row = edges_.devices().find(open.row.device);
  const auto device = row == edges_.devices().end() ? std::nullopt : known_device(row->second.description);
  if (device) {
    const auto factor = correction_factor(*device, instruction_of(open.row), result);
    if (factor) statements.push_back(correct(open.row.device, *factor));
  }
  surroundings_.database.write(std::move(statements), [this, id = result.id()](const Written&) {
    const auto still = open_.find(id);
    if (still != open_.end()) still->second.settling = false;  // the edge says it again
  });
}

// ---- turns -------------------------------------------------------------------------------------------

void Instructions::act(Instant now, bool leads) {
  leads_ = leads;
  if (!leads) return;
  for (auto& [id, open] : open_) {
    if (now >= open.send_at) send(open, now);
    if (now >= open.missed_at) note_missed(open);
    if (open.superseded && open.acknowledged && !open.taken_back) take_back(open);
  }
  tell_settled();
}

void Instructions::send(Open& open, Instant now) {
  const NodeId edge = edges_.node_of(edge_of(open.row.device));
  open.send_at = now + (open.acknowledged ? surroundings_.config.resend_most : open.patience);
  open.patience = std::min(open.patience * 2, surroundings_.config.resend_most);
  if (edge.is_none()) return;
  wire::FieldMessage message;
  *message.mutable_instruction() = instruction_of(open.row);
  message.mutable_instruction()->set_store(edges_.store_of(edge_of(open.row.device)));
  surroundings_.env.trace.emit({kInstructionSent, {open.row.id, edge.value()}});
  surroundings_.send(edge, message);
}

// If the write is lost, the instruction stays open, and its result will come; the next leader notes it too.
void Instructions::note_missed(Open& open) {
  open.missed_at = kNever;
  std::vector<wire::Statement> statements;
  statements.push_back(
      statement("UPDATE hub_instructions SET state = 2 WHERE id = ?1 AND state = 1", open.row.id));
  statements.push_back(statement("UPDATE hub_totals SET missed = missed + 1 WHERE changes() > 0"));
  surroundings_.database.write(std::move(statements), [](const Written&) {});
}

// What still waits there would be done after what was decided later.
void Instructions::take_back(Open& open) {
  open.taken_back = true;
  const NodeId edge = edges_.node_of(edge_of(open.row.device));
  if (edge.is_none()) return;
  wire::FieldMessage message;
  message.mutable_cancel()->set_id(open.row.id);
  surroundings_.send(edge, message);
}

void Instructions::tell_settled() {
  for (const auto& [edge, ids] : std::exchange(settled_, {})) {
    const NodeId node = edges_.node_of(edge);
    if (node.is_none()) continue;
    wire::FieldMessage message;
    wire::Settled& settled = *message.mutable_settled();
    for (const std::uint64_t id : ids) settled.add_ids(id);
    settled.set_floor(floor_of(edge));
    surroundings_.send(node, message);
  }
}

std::uint64_t Instructions::floor_of(std::string_view edge) const {
  for (const auto& [id, open] : open_)
    if (edge_of(open.row.device) == edge) return id;
  return newest_ + 1;
}

std::map<std::string_view, std::size_t> Instructions::open_by_edge() const {
  std::map<std::string_view, std::size_t> counts;
  for (const auto& [id, open] : open_) ++counts[edge_of(open.row.device)];
  return counts;
}

Instant Instructions::deadline() const {
  Instant next = kNever;
  if (!leads_) return next;
  for (const auto& [id, open] : open_) next = std::min({next, open.send_at, open.missed_at});
  return next;
}

}  // namespace lockstep::hub
