// Which events are damage.
#include "scenarios/damage.h"

#include "core/replica/events.h"
#include "scenarios/replica_facts.h"
#include "sim/events.h"

namespace lockstep::scenarios {

std::span<const env::EventType* const> Damage::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&sim::kDiskFault, &sim::kDiskForgot, &sim::kDiskWiped,
                                                        &sim::kProcessStarted, &replica::kNodeFailed};
  return kListened;
}

void Damage::on_event(const Observation& observation) {
  switch (observation.event.type->number) {
    case sim::kDiskFault.number:
      if (harms_storage(observation.event)) damaged_.insert(observation.node);
      return;
    case sim::kDiskForgot.number:
    case sim::kDiskWiped.number: damaged_.insert(observation.node); return;
    case sim::kProcessStarted.number: stopped_.erase(observation.node); return;
    case replica::kNodeFailed.number: stopped_.insert(observation.node); return;
    default: return;
  }
}

}  // namespace lockstep::scenarios
