// Directories named after their owner's process, so that its death can be seen.
#include "scenarios/real/workplace.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <random>
#include <utility>

#include "base/text.h"

namespace lockstep::real {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "lockstep-run-";

void remove_leftovers(const fs::path& parent) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    pid_t owner = 0;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), owner);
    if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), error);
  }
}

}  // namespace

Result<Workplace> Workplace::make() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error) return fail(ErrorCode::kIo, cat("expected a temporary directory: ", error.message()));
  remove_leftovers(parent);
  std::string name = (parent / cat(kPrefix, ::getpid(), "-XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail(ErrorCode::kIo, cat(name, ": cannot be made: ", std::strerror(errno)));
  std::random_device device;
  const unsigned second = 1 + device() % 254;
  const unsigned third = device() % 255;
  return Workplace(name, cat("127.", second, '.', third, ".1"));
}

Workplace::Workplace(Workplace&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), host_(std::move(other.host_)) {}

Workplace::~Workplace() { remove(); }

std::string Workplace::keep() {
  const std::string from = std::exchange(directory_, {});
  if (from.empty()) return {};
  std::string to = from;
  to.replace(to.rfind(kPrefix), kPrefix.size(), "lockstep-kept-");
  std::error_code error;
  fs::rename(from, to, error);
  return error ? from : to;
}

void Workplace::remove() {
  if (directory_.empty()) return;
  std::error_code error;
  fs::remove_all(std::exchange(directory_, {}), error);
}

}  // namespace lockstep::real
