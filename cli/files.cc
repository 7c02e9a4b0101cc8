// Plain streams; errors name the path and the system's reason.
#include "cli/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "base/text.h"

namespace lockstep::cli {

namespace {

// ---- drafts and signals: handlers may only do what is safe at any moment

std::array<std::atomic<const char*>, 16> drafts{};  // paths; null: free

void remove_drafts(int signal) {
  for (const auto& draft : drafts)
    if (const char* path = draft.load()) ::unlink(path);
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

// Where nobody else has a say in what ends the process.
void remove_drafts_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now{};
    if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
      std::signal(number, remove_drafts);
  }
}

void remember_draft(const char* path) {
  for (auto& draft : drafts) {
    const char* nothing = nullptr;
    if (draft.compare_exchange_strong(nothing, path))
      break;  // more at one time than places: those may be left over
  }
}

void forget_draft(const char* path) {
  for (auto& draft : drafts) {
    const char* expected = path;
    draft.compare_exchange_strong(expected, nullptr);
  }
}

// ---- reading

bool is_endless(const std::string& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  const bool is_device =
      kind == std::filesystem::file_type::character || kind == std::filesystem::file_type::block;
  return is_device && !(path == "/dev/stdin" && ::isatty(STDIN_FILENO) != 0);
}

Result<std::string> read_up_to(std::istream& in, const std::string& name, std::size_t most_bytes) {
  std::string out;
  std::string piece(64 << 10, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    out.append(piece, 0, static_cast<std::size_t>(in.gcount()));
    if (out.size() > most_bytes) {
      return fail(ErrorCode::kInvalidArgument,
                  cat(name, ": expected a file of at most ", most_bytes, " bytes, found more"));
    }
  }
  return out;
}

// ---- names of drafts: of the file, with the process that writes it, for another may be writing the same file

constexpr std::string_view kDraftEnd = ".part";

std::filesystem::path draft_of(const std::filesystem::path& path) {
  return path.string() + cat(".", getpid(), kDraftEnd);
}

// The process that wrote it has ended before it was whole: kill -9, or the machine.
bool is_left_over(std::string_view name) {
  if (!name.ends_with(kDraftEnd)) return false;
  name.remove_suffix(kDraftEnd.size());
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return false;
  const std::string_view number = name.substr(dot + 1);
  pid_t process = 0;
  const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), process);
  if (error != std::errc() || rest != number.data() + number.size() || process <= 0) return false;
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

void remove_left_over_drafts(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> drafts_there;
  std::error_code error;
  for (std::filesystem::directory_iterator each(directory, error), end; !error && each != end; each.increment(error))
    if (is_left_over(each->path().filename().string())) drafts_there.push_back(each->path());
  for (const auto& draft : drafts_there) std::filesystem::remove(draft, error);
}

// A link stays a link: what it points to is written.
std::filesystem::path followed(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  const auto target = std::filesystem::weakly_canonical(path, error);
  return error ? path : target;
}

}  // namespace

Result<std::string> read_whole_file(const std::string& path, std::size_t most_bytes) {
  if (path == "-") return read_up_to(std::cin, "standard input", most_bytes);
  if (path.empty()) return fail(ErrorCode::kInvalidArgument, "expected the name of a file, found an empty text");
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a directory"));
  if (is_endless(path))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a device"));
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::kNotFound, cat(path, ": cannot be read: ", std::string(std::strerror(errno))));
  return read_up_to(in, path, most_bytes);
}

Status check_readable(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a directory"));
  if (is_endless(path))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a device"));
  if (std::ifstream(path)) return {};
  return fail(ErrorCode::kNotFound, cat(path, ": cannot be read: ", std::string(std::strerror(errno))));
}

WholeFile::WholeFile(std::filesystem::path path) : path_(followed(path)) {
  std::error_code error;
  const auto kind = std::filesystem::status(path_, error).type();
  in_place_ = kind != std::filesystem::file_type::not_found && kind != std::filesystem::file_type::regular;
  if (in_place_) {
    if (kind == std::filesystem::file_type::directory) {
      problem_ = cat(path_.string(), ": expected a file, found a directory");
      return;
    }
    out_.open(path_, std::ios::binary);
    append({});
    return;
  }
  draft_ = draft_of(path_);
  error.clear();
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), error);
  if (error) {
    problem_ = cat(path_.parent_path().string(), ": cannot be created: ", error.message());
    return;
  }
  remember_draft(draft_.c_str());
  remove_drafts_on_signals();
  out_.open(draft_, std::ios::binary | std::ios::trunc);
  append({});
}

WholeFile::~WholeFile() {
  std::error_code error;
  if (in_place_) return;
  if (out_.is_open()) std::filesystem::remove(draft_, error);
  forget_draft(draft_.c_str());
}

void WholeFile::append(std::string_view text) {
  if (!problem_.empty()) return;
  out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (out_) return;
  const int reason = errno;
  problem_ = cat(path_.string(), ": cannot be written: ", std::string(std::strerror(reason)));
  if (reason == ENOSPC || reason == EDQUOT) code_ = ErrorCode::kNoSpace;
}

Status WholeFile::status() const {
  if (!problem_.empty()) return fail(code_, problem_);
  return {};
}

Status WholeFile::finish() {
  if (problem_.empty()) {
    out_.flush();
    append({});
  }
  if (!problem_.empty()) return fail(code_, problem_);
  out_.close();
  if (in_place_) return {};
  std::error_code error;
  std::filesystem::rename(draft_, path_, error);
  if (!error) return {};
  const std::string reason = error.message();
  std::filesystem::remove(draft_, error);
  return fail(ErrorCode::kIo, cat(path_.string(), ": cannot be written: ", reason));
}

Status check_writable(const std::filesystem::path& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  using enum std::filesystem::file_type;
  if (kind == fifo || kind == character || kind == block || kind == socket) return {};
  return WholeFile(path).status();
}

Status write_whole_file(const std::filesystem::path& path, std::string_view text) {
  WholeFile file(path);
  file.append(text);
  return file.finish();
}

Result<ClaimedDirectory> ClaimedDirectory::claim(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return fail(ErrorCode::kIo, cat(path.string(), ": expected a directory that can be written to"));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    remove_left_over_drafts(path);
    return ClaimedDirectory(descriptor);
  }
  ::close(descriptor);
  return fail(ErrorCode::kConflict,
              cat(path.string(), ": another process is writing its report there; give this one another --out"));
}

ClaimedDirectory::~ClaimedDirectory() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace lockstep::cli
