// Reads the history, checks it and prints the verdict.
#include "cli/check.h"

#include <chrono>
#include <functional>
#include <ostream>

#include "base/text.h"
#include "cli/packed_file.h"
#include "reports/escape.h"
#include "reports/linearizability/check.h"
#include "reports/render.h"
#include "reports/tallies.h"
#include "reports/transactions/check.h"

namespace lockstep::cli {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of a history
constexpr int kExitHolds = 0, kExitViolated = 1, kExitBadInput = 2, kExitUnknown = 3;

linearizability::Limits limits_of(const CheckArguments& arguments) {
  linearizability::Limits limits;
  if (arguments.time_limit_seconds > 0) {
    const std::chrono::duration<double> limit(arguments.time_limit_seconds);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(limit);
    limits.stop = [end] { return std::chrono::steady_clock::now() >= end; };
  }
  return limits;
}

Result<reports::Verdict> check_linearizability(const CheckArguments& arguments,
                                               const linearizability::ModelOptions& model,
                                               const reports::History& history) {
  LOCKSTEP_TRY(findings, linearizability::check(history, model, limits_of(arguments)));
  return linearizability::verdict(history, model, findings);
}

Result<reports::Verdict> check_transactions(const transactions::Model& model,
                                            const reports::History& history) {
  LOCKSTEP_TRY(findings, transactions::check(history, model));
  return transactions::verdict(model, findings);
}

using Judge = std::function<Result<reports::Verdict>(const reports::History&)>;

// A model belongs to one of three families: counting, transactions, linearizability.
Result<Judge> judge_of(const CheckArguments& arguments) {
  if (reports::is_tally(arguments.model)) {
    LOCKSTEP_TRY(tally, reports::parse_tally(arguments.model, arguments.options));
    return [tally](const reports::History& history) { return reports::check_tally(history, tally); };
  }
  if (transactions::is_model(arguments.model)) {
    LOCKSTEP_TRY(model, transactions::parse_model(arguments.model, arguments.options));
    return [model](const reports::History& history) { return check_transactions(model, history); };
  }
  if (!linearizability::is_model(arguments.model))
    return fail(ErrorCode::kInvalidArgument,
                cat("expected a model that `lockstep check --help` lists, found ", arguments.model));
  LOCKSTEP_TRY(model, linearizability::parse_model(arguments.model, arguments.options));
  return [&arguments, model](const reports::History& history) {
    return check_linearizability(arguments, model, history);
  };
}

Result<reports::Verdict> check(const CheckArguments& arguments) {
  LOCKSTEP_TRY(judge, judge_of(arguments));
  LOCKSTEP_TRY(text, read_maybe_packed(arguments.history, kMostBytes));
  LOCKSTEP_TRY(history, reports::parse_history(arguments.history, text));
  if (text.find('{') == text.npos)
    return fail(ErrorCode::kInvalidArgument, cat(arguments.history, ": expected events, found none"));
  auto verdict = judge(history);
  if (!verdict) return fail(verdict.error().code, cat(arguments.history, ": ", verdict.error().message));
  return verdict;
}

int exit_code(reports::Outcome outcome) {
  switch (outcome) {
    case reports::Outcome::kHolds: return kExitHolds;
    case reports::Outcome::kViolated: return kExitViolated;
    default: return kExitUnknown;
  }
}

}  // namespace

int run_check(const CheckArguments& arguments, std::ostream& out, std::ostream& err) {
  const Result<reports::Verdict> verdict = check(arguments);
  if (!verdict) {
    err << "lockstep check: " << reports::escaped_terminal(verdict.error().message) << '\n';
    return kExitBadInput;
  }
  out << (arguments.json ? reports::to_json_text(*verdict) : reports::to_text(*verdict));
  return exit_code(verdict->outcome);
}

}  // namespace lockstep::cli
