// Checks object after object, the smallest first, and stops at the first violation.
#include "reports/linearizability/check.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "reports/linearizability/shrink.h"
#include "reports/linearizability/translate.h"
#include "reports/linearizability/written_once.h"

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

// What is known of an object, and of which of its calls.
struct Decision {
  SearchResult found;
  Object object;
  bool among_conflict = false;             // not of all its calls
  std::optional<std::uint32_t> unwritten;  // what the call that is blocked saw and nobody wrote
};

template <class Model>
Decision search(Problem<Model>& problem, const Object& object, const Limits& limits) {
  return {Search<Model>(object.calls, problem.model, problem.initial, limits).run(), object, false, {}};
}

template <class Model>
Decision decide(Problem<Model>& problem, const Object& object, const Limits& limits) {
  return search(problem, object, limits);
}

// The first call, by its return, that saw a value which no call writes and which is not the initial one.
const Call* first_that_saw_the_unwritten(const Object& object, std::uint32_t initial) {
  std::set<std::uint32_t> written{initial};
  for (const Call& call : object.calls) {
    if (call.step.kind == Step::Kind::kAssign) written.insert(call.step.a);
    if (call.step.kind == Step::Kind::kSwap) written.insert(call.step.b);
  }
  const Call* first = nullptr;
  for (const Call& call : object.calls) {
    const bool saw = call.step.kind == Step::Kind::kEquals || call.step.kind == Step::Kind::kSwap;
    if (!saw || call.returned == kNoReturn || written.contains(call.step.a)) continue;
    if (first == nullptr || call.returned < first->returned) first = &call;
  }
  return first;
}

// What nobody wrote refutes the history by itself. A search among all is for naming the first operation that cannot be
// placed, which may be an earlier one; it may cost only so much.
Decision refute(Problem<RegisterModel>& problem, const Object& object, const Call& call, Limits limits) {
  limits.configurations = std::min<std::uint64_t>(limits.configurations, 100'000);
  Decision whole = search(problem, object, limits);
  const bool is_definite = whole.found.outcome == Outcome::kViolated;
  if (is_definite && object.calls[whole.found.blocked].operation != call.operation) return whole;
  const std::uint64_t explored = whole.found.explored;
  Decision decision = is_definite ? std::move(whole) : search(problem, Object{object.key, {call}}, Limits{});
  if (!is_definite) decision.found.explored += explored;
  decision.unwritten = call.step.a;
  return decision;
}

// Where values are written once, no search is needed to find an order. That there is none is shown by a search all the
// same, which names the first call that cannot be placed; if it comes to its limit, by one among those in conflict.
Decision decide(Problem<RegisterModel>& problem, const Object& object, const Limits& limits) {
  if (const Call* call = first_that_saw_the_unwritten(object, problem.initial))
    return refute(problem, object, *call, limits);
  const auto forced = order_by_values(object.calls, problem.initial);
  if (!forced) return search(problem, object, limits);
  if (forced->conflict.empty()) {
    SearchResult found;
    found.outcome = Outcome::kHolds;
    found.explored = forced->order.size();
    found.order = forced->order;
    return {std::move(found), object, false, {}};
  }
  Decision whole = search(problem, object, limits);
  if (whole.found.outcome != Outcome::kUnknown) return whole;
  Object conflict{object.key, {}};
  for (const std::uint32_t call : forced->conflict) conflict.calls.push_back(object.calls[call]);
  Decision part = search(problem, conflict, limits);
  part.found.explored += whole.found.explored;
  part.among_conflict = true;
  return part.found.outcome == Outcome::kViolated ? part : whole;
}

template <class Model>
Findings check_problem(Problem<Model> problem, const Limits& limits) {
  Findings findings;
  findings.objects = problem.objects.size();
  std::vector<std::pair<std::size_t, std::size_t>> smallest_first;  // (calls, object)
  for (const Object& object : problem.objects) {
    findings.operations += object.calls.size();
    findings.answered += static_cast<std::uint64_t>(
        std::ranges::count_if(object.calls, [](const Call& call) { return call.returned != kNoReturn; }));
    smallest_first.emplace_back(object.calls.size(), smallest_first.size());
  }
  std::sort(smallest_first.begin(), smallest_first.end());
  Limits left = limits;
  for (const auto& [calls, number] : smallest_first) {
    const Object& object = problem.objects[number];
    const Decision decision = decide(problem, object, left);
    const SearchResult& found = decision.found;
    findings.explored += found.explored;
    left.configurations -= std::min(left.configurations, found.explored);
    if (found.outcome == Outcome::kHolds) continue;
    if (found.outcome == Outcome::kViolated || !findings.blocked) {
      findings.blocked = blocked_in(problem, decision.object, found, limits);
      findings.blocked->among_conflict = decision.among_conflict;
      if (decision.unwritten) findings.blocked->unwritten = problem.model.text(*decision.unwritten);
    }
    findings.outcome = found.outcome;
    findings.limit = found.limit;
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
    case ModelOptions::Kind::kMutex: {
      LOCKSTEP_TRY(problem, translate_locks(history, model));
      return check_problem(std::move(problem), limits);
    }
  }
  return fail(ErrorCode::kInvalidArgument, "expected a known model");
}

}  // namespace lockstep::linearizability
