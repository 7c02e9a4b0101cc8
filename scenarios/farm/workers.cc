// Input and output of a worker are files in memory: nobody has to read while it writes.
#include "scenarios/farm/workers.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "scenarios/real/child_process.h"

namespace lockstep::farm {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMostComplaint = 4096;                     // bytes that are kept, the last ones
constexpr Duration kLookAround = std::chrono::milliseconds(50);  // how often limits are looked at

// A file without a name that ends with its descriptor.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : descriptor_(::memfd_create(name, MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }
  // From the beginning; who reads the descriptor begins there too.
  bool write(std::string_view text) {
    return ::pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  }
  std::string read_last(std::size_t most) const {
    const off_t size = ::lseek(descriptor_, 0, SEEK_END);
    if (size <= 0) return {};
    std::string text(std::min<std::size_t>(static_cast<std::size_t>(size), most), '\0');
    const ssize_t got =
        ::pread(descriptor_, text.data(), text.size(), size - static_cast<off_t>(text.size()));
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  std::string read_all() const { return read_last(static_cast<std::size_t>(-1)); }

 private:
  int descriptor_;
};

// Zero if the process is gone.
std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream in(cat("/proc/", pid, "/statm"));
  std::uint64_t pages = 0;
  in >> pages >> pages;
  return in ? pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

// "CHECK(leads) failed at core/raft/core.cc:12", without the state, which differs from run to run.
std::string check_in(const std::string& complaint) {
  const std::size_t begin = complaint.rfind("CHECK(");
  if (begin == std::string::npos) return {};
  const std::string line = complaint.substr(begin, complaint.find('\n', begin) - begin);
  const std::size_t place = line.find(" failed at ");
  if (place == std::string::npos) return line;
  const std::size_t colon = line.find(": ", place);
  return line.substr(0, colon);
}

}  // namespace

// While it lives, these signals wait to be fetched.
class SignalWait {
 public:
  SignalWait() {
    ::sigemptyset(&awaited_);
    for (const int number : {SIGCHLD, SIGINT, SIGTERM}) ::sigaddset(&awaited_, number);
    ::sigprocmask(SIG_BLOCK, &awaited_, &before_);
  }
  ~SignalWait() {
    const timespec at_once{};
    while (::sigtimedwait(&awaited_, nullptr, &at_once) > 0) continue;  // they were meant for this one
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalWait(const SignalWait&) = delete;
  SignalWait& operator=(const SignalWait&) = delete;

  // The number of a signal, or nothing when the time is over.
  std::optional<int> next(Duration patience) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
    const timespec time{.tv_sec = seconds.count(), .tv_nsec = (patience - seconds).count()};
    const int number = ::sigtimedwait(&awaited_, nullptr, &time);
    return number > 0 ? std::optional(number) : std::nullopt;
  }

 private:
  sigset_t awaited_;
  sigset_t before_;
};

struct Workers::Worker {
  std::uint64_t ticket;
  MemoryFile input{"scenario"};
  MemoryFile output{"outcome"};
  MemoryFile errors{"complaints"};
  std::optional<real::ChildProcess> process;
  SteadyClock::time_point began = SteadyClock::now();
  std::string ended_for;  // the limit that it reached

  Outcome outcome(const std::string& how_it_ended) const;
};

Outcome Workers::Worker::outcome(const std::string& how_it_ended) const {
  const std::string complaint = errors.read_last(kMostComplaint);
  Outcome found;
  const auto said = how_it_ended == "exit code 0" ? read_outcome(output.read_all()) : std::nullopt;
  if (said) {
    found = *said;
  } else if (!ended_for.empty()) {
    found.signature = {.kind = ended_for, .names = {}};
  } else {
    found.signature = {.kind = "crash", .names = {how_it_ended}};
    if (const std::string check = check_in(complaint); !check.empty()) found.signature.names.push_back(check);
    std::sort(found.signature.names.begin(), found.signature.names.end());
  }
  found.complaint = complaint;
  found.real = SteadyClock::now() - began;
  return found;
}

Workers::Workers(Options options) : options_(std::move(options)), signals_(std::make_unique<SignalWait>()) {
  CHECK(options_.jobs > 0, "nobody works");
}

Workers::~Workers() { kill_all(); }

bool Workers::has_room() const { return workers_.size() < options_.jobs; }
bool Workers::is_idle() const { return workers_.empty(); }

Status Workers::begin(std::uint64_t ticket, const std::string& input) {
  CHECK(has_room(), "more than ", options_.jobs, " at a time");
  auto worker = std::make_unique<Worker>();
  worker->ticket = ticket;
  if (!worker->input.write(input))
    return fail(ErrorCode::kIo, cat("cannot hand a scenario to a process: ", std::strerror(errno)));
  const real::ChildProcess::Streams streams{.input = worker->input.descriptor(),
                                            .output = worker->output.descriptor(),
                                            .errors = worker->errors.descriptor()};
  LOCKSTEP_TRY(process, real::ChildProcess::start({.program = options_.program,
                                                   .arguments = options_.arguments,
                                                   .streams = streams}));
  worker->process.emplace(std::move(process));
  workers_.push_back(std::move(worker));
  return {};
}

std::vector<Workers::Ended> Workers::wait(Duration patience) {
  const auto deadline = SteadyClock::now() + patience;
  std::vector<Ended> all;
  while (true) {
    enforce_limits();
    std::erase_if(workers_, [&all](const std::unique_ptr<Worker>& worker) {
      const auto how = worker->process->how_it_ended();
      if (how) all.push_back({worker->ticket, worker->outcome(*how)});
      return how.has_value();
    });
    const auto now = SteadyClock::now();
    if (!all.empty() || is_interrupted_ || now >= deadline) return all;
    const auto signal = signals_->next(std::min<Duration>(kLookAround, deadline - now));
    if (signal && *signal != SIGCHLD) is_interrupted_ = true;
  }
}

void Workers::enforce_limits() {
  for (const auto& worker : workers_) {
    if (!worker->ended_for.empty()) continue;
    if (SteadyClock::now() - worker->began > options_.limits.time) worker->ended_for = "no end";
    if (resident_bytes(worker->process->pid()) > options_.limits.memory_bytes)
      worker->ended_for = "out of memory";
    if (!worker->ended_for.empty()) worker->process->signal(SIGKILL);
  }
}

void Workers::kill_all() { workers_.clear(); }

}  // namespace lockstep::farm
