// Draws are keyed by the fault and by how often anything has struck, so that a repeated fault differs each
// time.
#include "scenarios/blow.h"

#include <algorithm>
#include <map>
#include <utility>

namespace lockstep::scenarios {
namespace {

constexpr Purpose kHalf{"nemesis.bridge_half"};
constexpr Purpose kClogged{"nemesis.swizzle_clogged"};
constexpr Purpose kFreed{"nemesis.swizzle_freed"};

Duration up_to(Duration most, std::uint64_t bits) {
  return Duration(static_cast<std::int64_t>(below(bits, static_cast<std::uint64_t>(most.count()) + 1)));
}

}  // namespace

// ---- processes ---------------------------------------------------------------------------------------

void Nemesis::Blow::operator()(const Kill& kill) {
  nemesis_.bring_down(nemesis_.resolve(kill.targets, fault_), Death::kKilled, strike_);
  restart_at_end();
}

void Nemesis::Blow::operator()(const Leave& leave) {
  nemesis_.bring_down(nemesis_.resolve(leave.targets, fault_), Death::kInGoodOrder, strike_);
  restart_at_end();
}

void Nemesis::Blow::operator()(const PowerLoss& loss) {
  nemesis_.bring_down(nemesis_.resolve(loss.targets, fault_), Death::kWithoutPower, strike_);
  restart_at_end();
}

void Nemesis::Blow::operator()(const Crash& crash) {
  nemesis_.bring_down(nemesis_.resolve(crash.targets, fault_), Death::kKilled, strike_);
  restart_at_end();
}

void Nemesis::Blow::operator()(const Restart& restart) {
  nemesis_.bring_up(nemesis_.resolve(restart.targets, fault_), &strike_);
}

void Nemesis::Blow::operator()(const Stall& stall) {
  strike_.hosts = nemesis_.resolve(stall.targets, fault_);
  strike_.until = strike_.at + *fault().lasting;
  for (const NodeId node : strike_.hosts) {
    if (!stage_.is_alive(node)) continue;
    stage_.stall(node, *fault().lasting);
    ++strike_.effects;
  }
}

void Nemesis::Blow::operator()(const ClockChange& change) {
  strike_.hosts = nemesis_.resolve(change.targets, fault_);
  for (const NodeId node : strike_.hosts) {
    stage_.change_clock(node, change);
    ++strike_.effects;
  }
}

void Nemesis::Blow::operator()(const OutOfMemory& refusal) {
  strike_.hosts = nemesis_.resolve(refusal.targets, fault_);
  std::map<NodeId, MemoryFaultId> begun;
  for (const NodeId node : strike_.hosts) begun[node] = stage_.refuse_memory(node, refusal, strike_.effects);
  at_end([&nemesis = nemesis_, hosts = strike_.hosts, begun] {
    for (const auto& [node, fault] : begun) nemesis.stage_.grant_memory(node, fault);
    nemesis.bring_up_stopped(hosts);
  });
}

void Nemesis::Blow::restart_at_end() {
  at_end([&nemesis = nemesis_, &strike = strike_] { nemesis.bring_up_after(strike); });
}

void Nemesis::Blow::at_end(std::function<void()> end) {
  if (!fault().lasting) return;
  strike_.until = strike_.at + *fault().lasting;
  stage_.after(*fault().lasting, [&nemesis = nemesis_, end = std::move(end)] {
    if (!nemesis.stopped_) end();
  });
}

// ---- the network -------------------------------------------------------------------------------------

void Nemesis::Blow::begin_network_fault(const Action& action, Between between) {
  const auto begun = stage_.begin_fault(action, std::move(between), strike_.effects);
  at_end([&stage = stage_, begun] { stage.end_fault(begun); });
}

// Clients stand on neither side: they reach everybody.
void Nemesis::Blow::operator()(const Bridge& bridge) {
  const auto shared = nemesis_.resolve(bridge.targets, fault_);
  std::vector<NodeId> others;
  for (const NodeId node : nemesis_.roster_.nodes())
    if (std::ranges::find(shared, node) == shared.end()) others.push_back(node);
  std::ranges::sort(others, {}, [this](NodeId node) { return bits(kHalf, node); });
  const auto middle = others.begin() + static_cast<std::ptrdiff_t>(others.size() / 2);
  Between between;
  between.groups = {{others.begin(), middle}, {middle, others.end()}};
  strike_.hosts = shared;
  for (const auto& group : between.groups) strike_.groups.emplace_back(group.begin(), group.end());
  begin_network_fault(Partition{}, std::move(between));
}

void Nemesis::Blow::operator()(const Clog& clog) {
  strike_.hosts = nemesis_.resolve(clog.targets, fault_);
  strike_.until = strike_.at + *fault().lasting;
  const auto with = nemesis_.resolve(clog.with, fault_);
  for (const NodeId host : strike_.hosts) this->clog(host, with, clog.direction, {}, *fault().lasting);
}

void Nemesis::Blow::operator()(const Swizzle& swizzle) {
  strike_.hosts = nemesis_.resolve(swizzle.targets, fault_);
  strike_.until = strike_.at + *fault().lasting;
  const Duration half = *fault().lasting / 2;
  for (const NodeId host : strike_.hosts) {
    const Duration begin = up_to(half, bits(kClogged, host));
    const Duration end = half + up_to(half, bits(kFreed, host));
    clog(host, {}, Direction::kBoth, begin, end);
  }
}

// `begin` and `end` count from now. with: empty: everybody.
void Nemesis::Blow::clog(NodeId host, const std::vector<NodeId>& with, Direction direction, Duration begin,
                         Duration end) {
  std::set<NodeId> others(with.begin(), with.end());
  if (with.empty())
    for (const NodeId other : nemesis_.roster_.hosts()) others.insert(other);
  others.erase(host);
  Between between{
      .groups = {{host}, others}, .one_way = direction != Direction::kBoth, .until = strike_.at + end};
  if (direction == Direction::kReceive) std::swap(between.groups[0], between.groups[1]);
  stage_.after(begin, [&nemesis = nemesis_, &strike = strike_, between = std::move(between)] {
    if (nemesis.stopped_) return;
    const auto begun = nemesis.stage_.begin_fault(Clog{}, between, strike.effects);
    nemesis.stage_.schedule(*between.until, [&nemesis, begun] { nemesis.stage_.end_fault(begun); });
  });
}

void Nemesis::Blow::operator()(const Reset& reset) {
  strike_.hosts = nemesis_.resolve(reset.targets, fault_);
  for (const NodeId host : strike_.hosts) strike_.effects += stage_.reset_connections(host);
}

// ---- disks -------------------------------------------------------------------------------------------

void Nemesis::Blow::operator()(const DiskFault& disk) {
  const Duration lasting = fault().lasting.value_or(Duration());
  std::vector<std::pair<NodeId, DiskFaultId>> begun;
  for (const NodeId node : nemesis_.resolve(disk.targets, fault_)) {
    if (!may_harm(node)) {
      strike_.withheld.push_back(node);
      continue;
    }
    strike_.hosts.push_back(node);
    const auto id = stage_.begin_disk_fault(node, disk, strike_.at + lasting, strike_.effects);
    if (id) begun.emplace_back(node, *id);
  }
  at_end([&nemesis = nemesis_, begun = std::move(begun)] {
    for (const auto& [node, id] : begun) {
      nemesis.stage_.end_disk_fault(node, id);
      nemesis.bring_up_stopped({node});
    }
  });
}

// Under the budget `atlas` at most a minority of the nodes is ever hit by what does not pass.
bool Nemesis::Blow::may_harm(NodeId node) {
  const bool passes = facts_of(fault().action).harm == Harm::kPasses;
  // The budget is about what a quorum can repair.
  if (passes || nemesis_.scenario_.disk.budget == Budget::kUnlimited || !Roster::is_node(node)) return true;
  std::set<NodeId>& harmed = nemesis_.harmed_;
  if (harmed.contains(node)) return true;
  const std::size_t minority = (nemesis_.scenario_.cluster.nodes - 1) / 2;
  if (harmed.size() >= minority) return false;
  harmed.insert(node);
  return true;
}

// ---- plants ------------------------------------------------------------------------------------------

void Nemesis::Blow::operator()(const Breakdown& breakdown) {
  strike_.hosts = nemesis_.resolve(breakdown.targets, fault_);
  for (const NodeId edge : strike_.hosts) strike_.effects += stage_.break_plants(edge, breakdown);
  at_end([&stage = stage_, &breakdown, hosts = strike_.hosts] {
    for (const NodeId edge : hosts) stage.repair_plants(edge, breakdown);
  });
}

std::uint64_t Nemesis::Blow::bits(Purpose purpose, NodeId node) const {
  return draw(nemesis_.seed_, purpose, (fault_ << 32) | nemesis_.strikes_.size(), node.value());
}

}  // namespace lockstep::scenarios
