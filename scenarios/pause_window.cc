// Windows are few and short: a set of transactions is enough.
#include "scenarios/pause_window.h"

#include "core/replica/events.h"
#include "core/service/events.h"
#include "sim/events.h"

namespace lockstep::scenarios {

std::span<const env::EventType* const> PauseWindow::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &service::kTransactionDurable, &replica::kTransactionDecided, &sim::kProcessKilled, &sim::kPowerLost};
  return kListened;
}

void PauseWindow::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  switch (event.type->number) {
    case service::kTransactionDurable.number: {
      const LogIndex transaction(event.fields[0]);
      if (!decided_.contains(transaction) && open_.insert(transaction).second) ++opened_;
      return;
    }
    case replica::kTransactionDecided.number: {
      const LogIndex transaction(event.fields[1]);
      open_.erase(transaction);
      decided_.insert(transaction);
      return;
    }
    case sim::kProcessKilled.number:
    case sim::kPowerLost.number: ++(open_.empty() ? faults_outside_ : faults_inside_); return;
    default: return;
  }
}

}  // namespace lockstep::scenarios
