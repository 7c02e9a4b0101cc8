// Reads the history, checks it and prints the verdict.
#include "cli/check.h"

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/text.h"
#include "reports/linearizability/check.h"
#include "reports/render.h"

namespace lockstep::cli {

namespace {

constexpr int kExitHolds = 0, kExitViolated = 1, kExitBadInput = 2, kExitUnknown = 3;

Result<std::string> contents(const std::string& path) {
  const auto read = [](std::istream& in) {
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  };
  if (path == "-") return read(std::cin);
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, cat(path, ": expected a file that can be read"));
  std::string text = read(file);
  if (file.bad() || (text.empty() && file.peek() != std::ifstream::traits_type::eof())) {
    return fail(ErrorCode::kIo, cat(path, ": expected a file that can be read"));
  }
  return text;
}

linearizability::Limits limits_of(const CheckArguments& arguments) {
  linearizability::Limits limits;
  if (arguments.time_limit_seconds > 0) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(arguments.time_limit_seconds);
    limits.stop = [end] { return std::chrono::steady_clock::now() >= end; };
  }
  return limits;
}

Result<reports::Verdict> check(const CheckArguments& arguments) {
  LOCKSTEP_TRY(model, linearizability::parse_model(arguments.model, arguments.options));
  LOCKSTEP_TRY(text, contents(arguments.history));
  LOCKSTEP_TRY(history, reports::parse_history(arguments.history, text));
  auto findings = linearizability::check(history, model, limits_of(arguments));
  if (!findings) return fail(findings.error().code, cat(arguments.history, ": ", findings.error().message));
  return linearizability::verdict(history, model, *findings);
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
    err << "lockstep check: " << verdict.error().message << '\n';
    return kExitBadInput;
  }
  out << (arguments.json ? reports::to_json_text(*verdict) : reports::to_text(*verdict));
  return exit_code(verdict->outcome);
}

}  // namespace lockstep::cli
