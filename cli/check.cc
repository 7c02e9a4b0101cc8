// Reads the history, checks it and prints the verdict.
#include "cli/check.h"

#include <chrono>
#include <cstdio>
#include <ostream>

#include "base/text.h"
#include "reports/linearizability/check.h"
#include "reports/render.h"

namespace lockstep::cli {

namespace {

constexpr int kExitHolds = 0, kExitViolated = 1, kExitBadInput = 2, kExitUnknown = 3;

// C streams, because reading a directory through a C++ stream throws.
Result<std::string> contents(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return fail(ErrorCode::kNotFound, cat(path, ": expected a file that can be read"));
  std::string text;
  std::vector<char> buffer(1 << 16);
  for (std::size_t size; (size = std::fread(buffer.data(), 1, buffer.size(), file)) > 0;) text.append(buffer.data(), size);
  const bool failed = std::ferror(file) != 0;
  if (file != stdin) std::fclose(file);
  if (failed) return fail(ErrorCode::kIo, cat(path, ": expected a file that can be read"));
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
  if (findings->operations == 0)
    return fail(ErrorCode::kInvalidArgument,
                cat(arguments.history, ": expected operations to judge, found ", history.size(), ", none of which counts"));
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
