// Dispatch by event number, and the oracles' findings as rows of the table of verdicts.
#include "scenarios/witness.h"

#include "reports/render.h"
#include "scenarios/roster.h"

namespace lockstep::scenarios {
namespace {

reports::Verdict verdict_of(const Oracle& oracle, std::uint64_t events, const std::string& gap) {
  reports::Verdict verdict{
      .name = std::string(oracle.name()),
      .promise = std::string(oracle.promise()),
      .outcome = oracle.violated() ? reports::Outcome::kViolated : reports::Outcome::kHolds,
      .checked = {{"facts", oracle.checked()}, {"events", events}},
      .evidence = {},
      .excused = oracle.excused()};
  for (const Violation& violation : oracle.violations())
    verdict.evidence.push_back(cat("event ", violation.order, " at ", reports::readable(violation.at), " on ",
                                   Roster::name(violation.node), ": ", violation.sentence));
  if (const std::uint64_t more = oracle.violations_left_out(); more > 0)
    verdict.evidence.push_back(cat("and ", more, " more"));
  if (!gap.empty()) {
    verdict.outcome = reports::Outcome::kUnknown;
    verdict.evidence.insert(verdict.evidence.begin(), gap);
  }
  return verdict;
}

}  // namespace

Witness::Witness(const OracleContext& context) : voters_(context.voters), edges_(context.edges) {
  for (auto& oracle : make_oracles(context)) seats_.push_back({.oracle = std::move(oracle)});
}

void Witness::attend(Events& events) {
  for (std::size_t seat = 0; seat < seats_.size(); ++seat)
    for (const env::EventType* type : seats_[seat].oracle->listens_to()) {
      std::vector<std::size_t>& listeners = by_type_[type->number];
      if (listeners.empty()) events.subscribe(*type, *this);
      listeners.push_back(seat);
    }
  for (const env::EventType* type : NodeHealth::listens_to())
    if (!by_type_.contains(type->number)) events.subscribe(*type, *this);
}

void Witness::on_event(const Observation& observation) {
  const std::uint16_t number = observation.event.type->number;
  if (const auto listeners = by_type_.find(number); listeners != by_type_.end())
    for (const std::size_t seat : listeners->second) {
      ++seats_[seat].events;
      seats_[seat].oracle->on_event(observation);
    }
  health_.on_event(observation);
}

std::vector<reports::Verdict> Witness::verdicts(const std::string& gap) const {
  std::vector<reports::Verdict> all;
  for (const Seat& seat : seats_) all.push_back(verdict_of(*seat.oracle, seat.events, gap));
  all.push_back(health_.verdict(voters_, edges_));
  return all;
}

}  // namespace lockstep::scenarios
