// Outcomes as documents between worker and farm.
#include "scenarios/farm/outcome.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace lockstep::farm {
namespace {

using Json = nlohmann::json;

Signature signature_of(const reports::Report& report) {
  const reports::Outcome worst = report.outcome();
  if (worst == reports::Outcome::kHolds) return {};
  Signature signature{.kind = std::string(reports::to_string(worst)), .names = {}};
  for (const reports::Verdict& verdict : report.verdicts)
    if (verdict.outcome == worst) signature.names.push_back(verdict.name);
  std::sort(signature.names.begin(), signature.names.end());
  return signature;
}

}  // namespace

bool Signature::is_part_of(const Signature& whole) const {
  return kind == whole.kind && names.empty() == whole.names.empty() &&
         std::includes(whole.names.begin(), whole.names.end(), names.begin(), names.end());
}

std::string to_string(const Signature& signature) {
  std::string out = signature.kind.empty() ? "holds" : signature.kind;
  for (std::size_t i = 0; i < signature.names.size(); ++i)
    append_text(out, cat(i == 0 ? " " : ", ", signature.names[i]));
  return out;
}

Outcome outcome_of(const scenarios::Scenario& scenario, const scenarios::Run& run) {
  return {.signature = signature_of(run.report),
          .nodes = scenario.cluster.nodes,
          .edges = scenario.field ? scenario.field->edges : 0,
          .ok = run.report.operations.ok,
          .failed = run.report.operations.failed,
          .unknown = run.report.operations.unknown,
          .events = run.report.trace_events,
          .trace_hash = run.report.trace_hash,
          .simulated = run.report.simulated,
          .real = {},
          .complaint = {},
          .coverage = run.coverage};
}

std::string to_text(const Outcome& outcome) {
  const Json document{{"kind", outcome.signature.kind},
                      {"names", outcome.signature.names},
                      {"nodes", outcome.nodes},
                      {"edges", outcome.edges.value_or(0)},
                      {"ok", outcome.ok},
                      {"failed", outcome.failed},
                      {"unknown", outcome.unknown},
                      {"events", outcome.events},
                      {"trace", outcome.trace_hash},
                      {"simulated_ns", outcome.simulated.count()},
                      {"rare_events", outcome.coverage.rare_events},
                      {"struck", outcome.coverage.struck}};
  return cat(document.dump(), "\n");
}

std::optional<Outcome> read_outcome(const std::string& text) {
  const Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  Outcome outcome;
  document["kind"].get_to(outcome.signature.kind);
  document["names"].get_to(outcome.signature.names);
  document["nodes"].get_to(outcome.nodes);
  outcome.edges = document["edges"].get<std::uint32_t>();
  document["ok"].get_to(outcome.ok);
  document["failed"].get_to(outcome.failed);
  document["unknown"].get_to(outcome.unknown);
  document["events"].get_to(outcome.events);
  document["trace"].get_to(outcome.trace_hash);
  outcome.simulated = Duration(document["simulated_ns"].get<Duration::rep>());
  document["rare_events"].get_to(outcome.coverage.rare_events);
  document["struck"].get_to(outcome.coverage.struck);
  return outcome;
}

}  // namespace lockstep::farm
