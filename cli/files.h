// Reading and writing whole files for the commands, with sentences for what goes wrong.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace lockstep::cli {

// Of what people write by hand. More is a mistake: another file, or a device that never ends.
inline constexpr std::size_t kMostBytesByHand = 16 << 20;
// Of what a run has recorded.
inline constexpr std::size_t kMostBytesRecorded = std::size_t{4} << 30;

// "-" is standard input; pipes and devices are read, too, up to the limit.
Result<std::string> read_whole_file(const std::string& path, std::size_t most_bytes = kMostBytesByHand);

// Of a file that is read bit by bit.
Status check_readable(const std::string& path);

// Whether a whole file could be written there, found out by beginning one; what is there stays as it is. A
// device or a pipe is not tried.
Status check_writable(const std::filesystem::path& path);

// A file in the making: it has its name only when it is whole. Without finish() nothing is left of it, also
// when a signal ends the process (Ctrl-C).
class WholeFile {
 public:
  explicit WholeFile(std::filesystem::path path);
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  void append(std::string_view text);
  // Whether it can be written so far.
  Status status() const;
  // The first thing that went wrong since the beginning, if anything did. kNoSpace: the disk is full.
  Status finish();

 private:
  std::filesystem::path path_;
  std::filesystem::path draft_;
  bool in_place_ = false;  // a device or a pipe: nothing can take its place
  std::ofstream out_;
  std::string problem_;
  ErrorCode code_ = ErrorCode::kIo;  // of the problem
};

// A directory that this process alone writes to, as long as this lives; made if it is not there. Nothing is left in it:
// drafts of files whose process was killed are removed.
class ClaimedDirectory {
 public:
  // kConflict: another process has it.
  static Result<ClaimedDirectory> claim(const std::filesystem::path& path);
  ClaimedDirectory(ClaimedDirectory&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ~ClaimedDirectory();

 private:
  explicit ClaimedDirectory(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// All or nothing.
Status write_whole_file(const std::filesystem::path& path, std::string_view text);

}  // namespace lockstep::cli
