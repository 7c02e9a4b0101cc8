// Checks object after object, the smallest first, and stops at the first violation.
#include "reports/linearizability/check.h"

#include <algorithm>

#include "base/text.h"
#include "reports/linearizability/shrink.h"
#include "reports/linearizability/translate.h"

namespace lockstep::linearizability {

namespace {

using reports::Outcome;

template <class Model>
Findings::Blocked blocked_in(Problem<Model>& problem, const Object& object, const SearchResult& found,
                             const Limits& limits) {
  const Call& call = object.calls[found.blocked];
  Findings::Blocked blocked;
  blocked.key = object.key;
  blocked.operation = call.operation;
  blocked.of = object.calls.size();
  const Call* previous = nullptr;
  for (const Call& other : object.calls) {
    if (other.returned >= call.returned) continue;
    ++blocked.placed;
    if (previous == nullptr || other.returned > previous->returned) previous = &other;
  }
  if (previous != nullptr) blocked.previous_ok = previous->operation;
  for (const std::uint32_t state : found.states) blocked.states.push_back(problem.model.text(state));
  if (found.outcome == Outcome::kViolated) {
    for (const Call& kept : Shrinker<Model>(problem.model, problem.initial, limits).shrink(object.calls, found.blocked)) {
      blocked.minimal.push_back(kept.operation);
    }
  }
  return blocked;
}

template <class Model>
Findings check_problem(Problem<Model> problem, const Limits& limits) {
  Findings findings;
  findings.objects = problem.objects.size();
  std::vector<std::pair<std::size_t, std::size_t>> smallest_first;  // (calls, object)
  for (const Object& object : problem.objects) {
    findings.operations += object.calls.size();
    smallest_first.emplace_back(object.calls.size(), smallest_first.size());
  }
  std::sort(smallest_first.begin(), smallest_first.end());
  Limits left = limits;
  for (const auto& [calls, number] : smallest_first) {
    const Object& object = problem.objects[number];
    const SearchResult found = Search<Model>(object.calls, problem.model, problem.initial, left).run();
    findings.explored += found.explored;
    left.configurations -= std::min(left.configurations, found.explored);
    if (found.outcome == Outcome::kHolds) continue;
    if (found.outcome == Outcome::kViolated || !findings.blocked) {
      findings.blocked = blocked_in(problem, object, found, limits);
    }
    findings.outcome = found.outcome;
    if (found.outcome == Outcome::kViolated) break;
  }
  return findings;
}

}  // namespace

Result<Findings> check(const reports::History& history, const ModelOptions& model, const Limits& limits) {
  switch (model.kind) {
    case ModelOptions::Kind::kRegister: {
      LOCKSTEP_TRY(problem, translate_registers(history, model));
      return check_problem(std::move(problem), limits);
    }
    case ModelOptions::Kind::kAppend: {
      LOCKSTEP_TRY(problem, translate_texts(history, model));
      return check_problem(std::move(problem), limits);
    }
    case ModelOptions::Kind::kMultiRegister: {
      LOCKSTEP_TRY(problem, translate_transactions(history, model));
      return check_problem(std::move(problem), limits);
    }
  }
  return fail(ErrorCode::kInvalidArgument, "expected a known model");
}

}  // namespace lockstep::linearizability
