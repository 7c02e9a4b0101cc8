// One translator per observer, subscribed in its place.
#include "scenarios/simulated_events.h"

#include <algorithm>

namespace lockstep::scenarios {

void SimulatedEvents::subscribe(const env::EventType& type, Observer& observer) {
  recorder_.subscribe(type, translator(observer));
}

void SimulatedEvents::subscribe_all(Observer& observer) { recorder_.subscribe_all(translator(observer)); }

SimulatedEvents::Translator& SimulatedEvents::translator(Observer& observer) {
  const auto known = std::find_if(translators_.begin(), translators_.end(),
                                  [&observer](const auto& each) { return each->translates_for(observer); });
  if (known != translators_.end()) return **known;
  translators_.push_back(std::make_unique<Translator>(observer));
  return *translators_.back();
}

void SimulatedEvents::Translator::on_event(const sim::Recorded& recorded) {
  observer_.on_event({.order = recorded.order,
                      .at = recorded.time.time_since_epoch(),
                      .node = recorded.node,
                      .incarnation = recorded.incarnation,
                      .event = recorded.event});
}

}  // namespace lockstep::scenarios
