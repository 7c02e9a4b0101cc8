// A stable sort by time keeps the order within each process.
#include "scenarios/real/real_events.h"

#include <algorithm>

#include "base/check.h"
#include "sim/events.h"

namespace lockstep::real {
namespace {

void tell(const std::map<std::uint16_t, std::vector<Observer*>>& observers, const Observation& observation) {
  const auto found = observers.find(observation.event.type->number);
  if (found == observers.end()) return;
  for (Observer* const observer : found->second) observer->on_event(observation);
}

void enlist(std::map<std::uint16_t, std::vector<Observer*>>& observers, const env::EventType& type,
            Observer& observer) {
  std::vector<Observer*>& of_type = observers[type.number];
  CHECK(std::ranges::find(of_type, &observer) == of_type.end(), "an observer would count ", type.name,
        " twice");
  of_type.push_back(&observer);
}

// Sorted by when it was, shown as the run's first moment: nodes are alive before the run begins.
Duration shown(Duration at) { return std::max(at, Duration()); }

}  // namespace

env::Event event_of(const env::EventType& type, const std::array<std::uint64_t, env::kMaxEventFields>& fields,
                    std::string_view text) {
  env::Event event(sim::kProcessStarted, {}, text);
  event.type = &type;
  event.fields = fields;
  return event;
}

void RealEvents::subscribe(const env::EventType& type, Observer& observer) {
  enlist(looking_, type, observer);
}

void RealEvents::subscribe_early(const env::EventType& type, Observer& observer) {
  enlist(acting_, type, observer);
}

void RealEvents::add(Duration at, NodeId node, Incarnation incarnation, const env::Event& event) {
  const std::uint64_t order = kept_.size();
  kept_.push_back({at, node, incarnation, event.type, event.fields, std::string(event.text)});
  tell(acting_, {.order = order, .at = shown(at), .node = node, .incarnation = incarnation, .event = event});
}

void RealEvents::tell_those_who_look() {
  // By time; what came at the same time stays in the order in which it came.
  std::vector<const Kept*> by_time;
  by_time.reserve(kept_.size());
  for (const Kept& kept : kept_) by_time.push_back(&kept);
  std::sort(by_time.begin(), by_time.end(), [](const Kept* a, const Kept* b) {
    return a->at != b->at ? a->at < b->at : a < b;  // they lie in one vector
  });
  std::uint64_t order = 0;
  for (const Kept* entry : by_time) {
    const Kept& kept = *entry;
    const env::Event event = event_of(*kept.type, kept.fields, kept.text);
    const Observation observation{.order = order++,
                                  .at = shown(kept.at),
                                  .node = kept.node,
                                  .incarnation = kept.incarnation,
                                  .event = event};
    for (Observer* const observer : to_all_) observer->on_event(observation);
    tell(looking_, observation);
  }
}

}  // namespace lockstep::real
