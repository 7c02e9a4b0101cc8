// Reads the history, checks it and prints the verdict.
#include "cli/check.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <ostream>

#include "base/check.h"
#include "base/text.h"
#include "reports/escape.h"
#include "reports/linearizability/check.h"
#include "reports/render.h"
#include "reports/tallies.h"
#include "reports/transactions/check.h"

namespace lockstep::cli {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of a history
constexpr int kExitHolds = 0, kExitViolated = 1, kExitBadInput = 2, kExitUnknown = 3;

// A file that gzip may have packed; what it did not pack is read as it is.
class MaybePacked {
 public:
  explicit MaybePacked(const std::string& path)
      : path_(path), file_(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file_ < 0) {
      problem_ = std::strerror(errno);
      return;
    }
    is_pipe_ = ::lseek(file_, 0, SEEK_CUR) < 0;
    packed_ = gzdopen(file_, "rb");
    CHECK(packed_ != nullptr, path);
  }
  ~MaybePacked() {
    if (packed_ != nullptr) gzclose(packed_);
  }
  MaybePacked(const MaybePacked&) = delete;
  MaybePacked& operator=(const MaybePacked&) = delete;

  // Beyond the limit nothing is unpacked, and of a file nothing kept: its size is found out first.
  Result<std::string> contents() {
    if (packed_ == nullptr) return fail(ErrorCode::kNotFound, cat(path_, ": cannot be read: ", problem_));
    std::string text;
    if (!is_pipe_) {
      std::size_t size = 0;
      LOCKSTEP_TRY_STATUS(each_piece([&size](std::string_view piece) { return size += piece.size(); }));
      text.reserve(size);
      if (gzrewind(packed_) != 0) return fail(ErrorCode::kIo, cat(path_, ": cannot be read twice"));
    }
    LOCKSTEP_TRY_STATUS(each_piece([&text](std::string_view piece) { return text.append(piece).size(); }));
    return text;
  }

 private:
  // `take` says how many bytes there have been.
  template <class Take>
  Status each_piece(const Take& take) {
    std::vector<char> buffer(1 << 16);
    while (true) {
      const int size = gzread(packed_, buffer.data(), static_cast<unsigned>(buffer.size()));
      if (size < 0) return broken();
      if (size == 0) break;
      if (take(std::string_view(buffer.data(), static_cast<std::size_t>(size))) > kMostBytes)
        return fail(ErrorCode::kInvalidArgument,
                    cat(path_, ": expected a history of at most ", kMostBytes, " bytes, unpacked, found more"));
    }
    int code = Z_OK;
    gzerror(packed_, &code);
    return code == Z_OK || code == Z_STREAM_END ? Status() : broken();
  }

  Status broken() {
    int code = Z_OK;
    const char* const reason = gzerror(packed_, &code);
    if (code == Z_ERRNO) return fail(ErrorCode::kIo, cat(path_, ": cannot be read: ", std::strerror(errno)));
    if (code == Z_BUF_ERROR)
      return fail(ErrorCode::kCorrupt, cat(path_, ": expected a whole file packed by gzip, found one that was cut off"));
    return fail(ErrorCode::kCorrupt, cat(path_, ": expected an undamaged file packed by gzip: ", reason));
  }

  const std::string& path_;
  int file_;
  gzFile packed_ = nullptr;  // owns the file
  bool is_pipe_ = false;
  std::string problem_;
};

Result<std::string> contents(const std::string& path) {
  std::error_code error;
  if (path != "-" && std::filesystem::is_character_file(path, error))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a device"));
  if (path != "-" && std::filesystem::is_directory(path, error))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a directory"));
  return MaybePacked(path).contents();
}

linearizability::Limits limits_of(const CheckArguments& arguments) {
  linearizability::Limits limits;
  if (arguments.time_limit_seconds > 0) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(arguments.time_limit_seconds);
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
  LOCKSTEP_TRY(text, contents(arguments.history));
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
