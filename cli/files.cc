// Plain streams; errors name the path and the system's reason.
#include "cli/files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/text.h"

namespace lockstep::cli {

Result<std::string> read_whole_file(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a directory"));
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::kNotFound, cat(path, ": cannot be read: ", std::string(std::strerror(errno))));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

WholeFile::WholeFile(std::filesystem::path path)
    : path_(std::move(path)),
      draft_(path_.string() + cat(".", getpid(), ".part")) {  // another run may be writing the same file
  std::error_code error;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), error);
  if (error) {
    problem_ = cat(path_.parent_path().string(), ": cannot be created: ", error.message());
    return;
  }
  out_.open(draft_, std::ios::binary | std::ios::trunc);
  append({});
}

WholeFile::~WholeFile() {
  std::error_code error;
  if (out_.is_open()) std::filesystem::remove(draft_, error);
}

void WholeFile::append(std::string_view text) {
  if (!problem_.empty()) return;
  out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!out_) problem_ = cat(path_.string(), ": cannot be written: ", std::string(std::strerror(errno)));
}

Status WholeFile::finish() {
  if (problem_.empty()) {
    out_.flush();
    append({});
  }
  if (!problem_.empty()) return fail(ErrorCode::kIo, problem_);
  out_.close();
  std::error_code error;
  std::filesystem::rename(draft_, path_, error);
  if (!error) return {};
  const std::string reason = error.message();
  std::filesystem::remove(draft_, error);
  return fail(ErrorCode::kIo, cat(path_.string(), ": cannot be written: ", reason));
}

Status write_whole_file(const std::filesystem::path& path, std::string_view text) {
  WholeFile file(path);
  file.append(text);
  return file.finish();
}

}  // namespace lockstep::cli
