// Unpacks a file while it is read; its size is known before its bytes are kept.
#include "cli/packed_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::cli {

namespace {

// A file that gzip may have packed; what it did not pack is read as it is.
class MaybePacked {
 public:
  MaybePacked(const std::string& path, std::size_t most_bytes)
      : path_(path),
        most_bytes_(most_bytes),
        file_(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
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
      if (take(std::string_view(buffer.data(), static_cast<std::size_t>(size))) > most_bytes_)
        return fail(ErrorCode::kInvalidArgument,
                    cat(path_, ": expected at most ", most_bytes_, " bytes, unpacked, found more"));
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
      return fail(ErrorCode::kCorrupt,
                  cat(path_, ": expected a whole file packed by gzip, found one that was cut off"));
    return fail(ErrorCode::kCorrupt, cat(path_, ": expected an undamaged file packed by gzip: ", reason));
  }

  const std::string& path_;
  const std::size_t most_bytes_;
  int file_;
  gzFile packed_ = nullptr;  // owns the file
  bool is_pipe_ = false;
  std::string problem_;
};

}  // namespace

Result<std::string> read_maybe_packed(const std::string& path, std::size_t most_bytes) {
  std::error_code error;
  if (path != "-" && std::filesystem::is_character_file(path, error))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a device"));
  if (path != "-" && std::filesystem::is_directory(path, error))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file, found a directory"));
  return MaybePacked(path, most_bytes).contents();
}

}  // namespace lockstep::cli
