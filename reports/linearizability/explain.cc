// Says in words why a history is not linearizable.
#include <algorithm>

#include "base/text.h"
#include "reports/linearizability/check.h"

namespace lockstep::linearizability {

namespace {

using reports::Completion;
using reports::History;
using reports::Operation;
using reports::Outcome;
using reports::Value;

constexpr std::size_t kMaxShown = 12;  // operations of the counter-example

// The beginning and the end of a long text.
std::string shortened(std::string text) {
  constexpr std::size_t kEnds = 32;
  if (text.size() <= 2 * kEnds + 5) return text;
  return cat(text.substr(0, kEnds), " ... ", text.substr(text.size() - kEnds));
}

std::string moment(const reports::Moment& at) {
  return at.position == reports::Moment::kNever ? std::string("never") : cat(at.index);
}

std::string line(const Operation& operation) {
  return cat("  [", moment(operation.invoked), " .. ",
             operation.completion == Completion::kInfo ? "unknown" : moment(operation.returned), "] ", describe(operation));
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += cat(out.empty() ? "" : " or ", shortened(text));
  return out;
}

std::string_view name_of(Limit limit) {
  switch (limit) {
    case Limit::kConfigurations: return "configurations";
    case Limit::kBytes: return "memory";
    case Limit::kStop: return "time";
    case Limit::kNone: break;
  }
  return "work";
}

// Only what is known: the states are those of the operations that were searched.
std::string reason(const Findings::Blocked& blocked) {
  if (!blocked.unwritten.empty())
    return cat("no operation writes ", shortened(blocked.unwritten), ", and it is not the initial value");
  return cat(blocked.among_conflict
                 ? cat("among all operations the search came to its limit; among the ", blocked.of,
                       " in conflict alone, in every order that explains those before it, the state there is ")
                 : std::string("in every order that explains the operations before it, the state there is "),
             joined(blocked.states), blocked.states.size() == SearchResult::kMaxStates ? " or others" : "");
}

void explain(const History& history, const Findings& findings, std::vector<std::string>& lines) {
  const Findings::Blocked& blocked = *findings.blocked;
  const Operation& operation = history[blocked.operation];
  const bool violated = findings.outcome == Outcome::kViolated;
  const std::string where = blocked.key.is_null() ? std::string() : cat(" of key ", to_json(blocked.key));
  lines.push_back(cat(violated ? "cannot be placed: " : "not placed yet: ", describe(operation), ", returned at index ",
                      moment(operation.returned), where));
  if (blocked.previous_ok) {
    const Operation& previous = history[*blocked.previous_ok];
    lines.push_back(cat("last one that could: ", describe(previous), ", returned at index ", moment(previous.returned),
                        " (", blocked.placed, " of ", blocked.of,
                        blocked.among_conflict ? " operations in conflict" : " operations", where, ")"));
  }
  if (!violated) {
    lines.push_back(cat("the limit of ", name_of(findings.limit), " was reached after ", findings.explored,
                        " configurations; nothing is decided beyond this point"));
    return;
  }
  lines.push_back(reason(blocked));
  lines.push_back(blocked.minimal.size() == 1
                      ? std::string("it cannot happen even alone ([invoked .. returned]):")
                      : cat("these ", blocked.minimal.size(), " operations alone show it ([invoked .. returned]):"));
  const std::size_t shown = std::min(blocked.minimal.size(), kMaxShown);
  for (std::size_t i = blocked.minimal.size() - shown; i < blocked.minimal.size(); ++i) {
    lines.push_back(line(history[blocked.minimal[i]]));
  }
  if (shown < blocked.minimal.size()) lines.push_back(cat("  and ", blocked.minimal.size() - shown, " before them"));
}

}  // namespace

std::string describe(const Operation& operation) {
  std::string out = cat("process ", operation.process, " ", operation.f);
  const bool answers = operation.f == "read" || operation.f == "get";
  if (answers && operation.completion == Completion::kOk) return cat(out, " -> ", shortened(to_json(operation.result)));
  if (!operation.argument.is_null()) out += cat(" ", shortened(to_json(operation.argument)));
  switch (operation.completion) {
    case Completion::kOk: {
      const bool plain = operation.result.is_null() || operation.result == operation.argument;
      return out + (plain ? std::string(" -> ok") : cat(" -> ", shortened(to_json(operation.result))));
    }
    case Completion::kFail: return out + cat(" -> failed", operation.error.empty() ? "" : ": ", shortened(operation.error));
    case Completion::kInfo: return out + " -> unknown";
  }
  return out;
}

reports::Verdict verdict(const History& history, const ModelOptions& model, const Findings& findings) {
  reports::Verdict verdict;
  verdict.name = "linearizability";
  verdict.promise = cat("every operation takes effect at one instant between its invocation and its return (", model.name, ")");
  verdict.outcome = findings.outcome;
  verdict.checked = {{"operations", findings.operations}, {"keys", findings.objects}, {"configurations", findings.explored}};
  if (findings.blocked) explain(history, findings, verdict.evidence);
  if (findings.answered == 0)  // holds, as Knossos and Porcupine judge
    verdict.evidence.push_back("no answer was judged: nothing speaks against it, and nothing for it");
  return verdict;
}

}  // namespace lockstep::linearizability
