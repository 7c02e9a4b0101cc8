// What the real stage orders of its processes: to tell of probes and wait there, and what to do to frames.
#include "scenarios/real/real_stage.h"

namespace lockstep::real {
namespace {

using namespace scenarios;  // the verbs

}  // namespace

// ---- probes ------------------------------------------------------------------------------------------

void RealStage::arm_probe(std::string point, ProbeDecision decide) {
  probes_.push_back({std::move(point), std::move(decide)});
}

void RealStage::on_hit(NodeId id, const faults::ProbeNote& hit) {
  read_traces();  // whoever decides knows what came before
  const Incarnation life = process(id).incarnation();
  const auto hold = decide(id, hit.point);
  if (!process(id).is_running()) return;
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
  if (!process(id).is_running() || process(id).incarnation() != life) return;
  faults::Orders orders;
  orders.release = {ticket};
  process(id).order(orders);
}

// ---- network -----------------------------------------------------------------------------------------

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
  for (auto& [id, process] : processes_) {
    faults::Orders orders;
    orders.links = links_.rules_of(id);
    process->order(orders);
  }
  count_struck_of_guests();
  for (auto& [id, guest] : guests_) {
    guest.struck.clear();
    guest.host->links().clear();
    for (const net::LinkRule& rule : links_.rules_of(id)) guest.host->links().add(rule);
  }
}

void RealStage::count_struck_of_guests() {
  for (auto& [id, guest] : guests_)
    for (const net::LinkRule& rule : links_.rules_of(id)) {
      std::uint64_t& counted = guest.struck[rule.id];
      const std::uint64_t struck = guest.host->links().struck(rule.id);
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
  count_struck_of_guests();
  links_.end(fault);
  order_links();
}

void RealStage::set_apart(std::set<NodeId> healed) {
  count_struck_of_guests();
  links_.set_apart(std::move(healed));
  order_links();
}

void RealStage::end_all_faults() {
  count_struck_of_guests();
  links_.end_all();
  order_links();
}

}  // namespace lockstep::real
