// Each stop with its reason, each harm with what came of it.
#include "scenarios/node_health.h"

#include <algorithm>

#include "base/text.h"
#include "core/replica/events.h"
#include "edge/events.h"
#include "reports/render.h"
#include "scenarios/replica_facts.h"
#include "scenarios/roster.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

constexpr std::size_t kMostTold = 10;

std::string_view words_of(const env::Event& event) {
  if (event.type->number == sim::kDiskForgot.number) return "forgot what it had called durable";
  switch (static_cast<sim::DiskTrouble>(event.fields[0])) {
    case sim::DiskTrouble::kMisdirect: return "put a write elsewhere";
    case sim::DiskTrouble::kPhantom: return "left out a write";
    case sim::DiskTrouble::kRot: return "rotted";
    default: return "was harmed";
  }
}

}  // namespace

std::span<const env::EventType* const> NodeHealth::listens_to() {
  static constexpr const env::EventType* kListened[] = {
      &replica::kNodeFailed, &edge::kEdgeStopped,   &sim::kDiskFault,
      &sim::kDiskForgot,     &sim::kMemoryRefused, &sim::kProcessStarted,
  };
  return kListened;
}

void NodeHealth::on_event(const Observation& observation) {
  const std::uint16_t number = observation.event.type->number;
  if (number == replica::kNodeFailed.number || number == edge::kEdgeStopped.number)
    return note_stopped(observation);
  note_trouble(observation);
}

// What a failure leaves behind a new life must recover from; damage is there until it is found.
void NodeHealth::note_trouble(const Observation& observation) {
  const env::Event& event = observation.event;
  const std::uint16_t number = event.type->number;
  if (number == sim::kProcessStarted.number) failed_.erase(observation.node);
  if (number == sim::kMemoryRefused.number) failed_.insert(observation.node);
  if (harms_storage(event)) {
    harmed_.try_emplace(observation.node, Harm{observation.at, std::string(words_of(event))});
  } else if (number == sim::kDiskFault.number) {
    using sim::DiskTrouble;
    const auto trouble = static_cast<DiskTrouble>(event.fields[0]);
    const bool has_failed =
        trouble != DiskTrouble::kStall && trouble != DiskTrouble::kSlow && trouble != DiskTrouble::kLie;
    if (has_failed) failed_.insert(observation.node);
  }
}

void NodeHealth::note_stopped(const Observation& observation) {
  const NodeId node = observation.node;
  if (failed_.contains(node) || harmed_.contains(node)) return excuse(observation);
  sudden_.push_back(
      cat(Roster::name(node), " at ", reports::readable(observation.at), ": ", observation.event.text));
}

void NodeHealth::excuse(const Observation& observation) {
  ++excused_count_;
  const auto known = std::ranges::find_if(excused_, [&](const Stop& stop) {
    return stop.node == observation.node && stop.reason == observation.event.text;
  });
  if (known != excused_.end()) {
    ++known->times;
  } else if (excused_.size() < kMostTold) {
    excused_.push_back({observation.node, std::string(observation.event.text), observation.at, 1});
  }
}

reports::Verdict NodeHealth::verdict(std::size_t nodes, std::size_t edges) const {
  reports::Verdict verdict{.name = "node-health",
                           .promise = "no node or edge stops itself but for a fault of its disk or memory: what a "
                                      "crash or power loss leaves behind can be recovered",
                           .outcome = sudden_.empty() ? reports::Outcome::kHolds : reports::Outcome::kViolated,
                           .checked = {{"nodes", nodes}},
                           .evidence = sudden_};
  if (edges > 0) verdict.checked.push_back({"edges", edges});
  if (excused_count_ > 0) verdict.checked.push_back({"excused stops", excused_count_});
  for (const auto& [node, harm] : harmed_)
    verdict.excused.push_back(
        cat("the disk of ", Roster::name(node), " ", harm.what, " at ", reports::readable(harm.at),
            std::ranges::find(excused_, node, &Stop::node) != excused_.end() ? "" : "; it has not stopped for that"));
  std::uint64_t told = 0;
  for (const Stop& stop : excused_) {
    told += stop.times;
    const std::string again = stop.times > 1 ? cat(", and ", reports::counted(stop.times - 1, "more times")) : "";
    verdict.excused.push_back(cat(Roster::name(stop.node), " stopped itself at ", reports::readable(stop.first), again,
                                  ": ", stop.reason));
  }
  if (excused_count_ > told) verdict.excused.push_back(cat("and ", excused_count_ - told, " more stops"));
  return verdict;
}

}  // namespace lockstep::scenarios
