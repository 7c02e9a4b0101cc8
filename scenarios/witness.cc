// Dispatch by event number, and the oracles' findings as rows of the table of verdicts.
#include "scenarios/witness.h"

#include "core/replica/events.h"
#include "reports/render.h"
#include "scenarios/roster.h"
#include "scenarios/scenario.h"

namespace lockstep::scenarios {
namespace {

reports::Verdict verdict_of(const Oracle& oracle) {
  reports::Verdict verdict{.name = std::string(oracle.name()),
                           .promise = std::string(oracle.promise()),
                           .outcome = oracle.violated() ? reports::Outcome::kViolated : reports::Outcome::kHolds,
                           .checked = {{"facts", oracle.checked()}},
                           .evidence = {}};
  for (const Violation& violation : oracle.violations())
    verdict.evidence.push_back(cat("event ", violation.order, " at ", reports::readable(violation.at), " on ",
                                   Roster::name(violation.node), ": ", violation.sentence));
  return verdict;
}

}  // namespace

void Witness::attend(sim::Recorder& recorder) {
  for (const auto& oracle : oracles_)
    for (const env::EventType* type : oracle->listens_to()) {
      listen(recorder, *type);
      by_type_[type->number].push_back(oracle.get());
    }
  for (const env::EventType* type : window_.listens_to()) {
    listen(recorder, *type);
    of_window_[type->number] = true;
  }
  listen(recorder, replica::kNodeFailed);
}

void Witness::listen(sim::Recorder& recorder, const env::EventType& type) {
  const bool first = by_type_[type.number].empty() && !of_window_[type.number];
  if (first) recorder.subscribe(type, *this);
}

void Witness::on_event(const sim::Recorded& recorded) {
  const std::uint16_t number = recorded.event.type->number;
  const Observation observation{.order = recorded.order,
                                .at = recorded.time.time_since_epoch(),
                                .node = recorded.node,
                                .incarnation = recorded.incarnation,
                                .event = recorded.event};
  for (Oracle* oracle : by_type_[number]) oracle->on_event(observation);
  if (of_window_[number]) window_.on_event(observation);
  if (number == replica::kNodeFailed.number)
    stopped_nodes_.push_back(cat(Roster::name(recorded.node), " at ", reports::readable(observation.at), ": ",
                                 recorded.event.text));
}

std::vector<reports::Verdict> Witness::verdicts() const {
  std::vector<reports::Verdict> all;
  for (const auto& oracle : oracles_) all.push_back(verdict_of(*oracle));
  all.push_back({.name = "node-health",
                 .promise = "no node stops itself: what a crash or power loss leaves behind can be recovered",
                 .outcome = stopped_nodes_.empty() ? reports::Outcome::kHolds : reports::Outcome::kViolated,
                 .checked = {{"nodes", voters_}},
                 .evidence = stopped_nodes_});
  return all;
}

}  // namespace lockstep::scenarios
