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

Status write_whole_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return fail(ErrorCode::kIo, cat(path.parent_path().string(), ": cannot be created: ", error.message()));
  // Another run may be writing the same file.
  const std::filesystem::path draft = path.string() + cat(".", getpid(), ".part");
  std::ofstream out(draft, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  std::string problem;
  if (!out) problem = std::strerror(errno);
  if (problem.empty()) {
    std::filesystem::rename(draft, path, error);
    if (error) problem = error.message();
  }
  if (!problem.empty()) {
    std::filesystem::remove(draft, error);
    return fail(ErrorCode::kIo, cat(path.string(), ": cannot be written: ", problem));
  }
  return {};
}

}  // namespace lockstep::cli
