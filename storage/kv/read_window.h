// Reading a file through one buffer that grows while the reads are sequential.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "base/env/disk.h"
#include "base/result.h"

namespace lockstep::kv {

class ReadWindow {
 public:
  static constexpr std::size_t kSmallest = 4 << 10;
  static constexpr std::size_t kLargest = 256 << 10;

  explicit ReadWindow(env::File& file, std::size_t first = kSmallest) : file_(&file), ahead_(first) {}

  // `size` bytes at `offset`, fewer only at the end of the file. Valid until the next call.
  Result<BytesView> view(std::uint64_t offset, std::size_t size) {
    if (offset < start_ || offset + size > start_ + buffer_.size()) LOCKSTEP_TRY_STATUS(fill(offset, size));
    return BytesView(buffer_).substr(offset - start_).substr(0, size);
  }

 private:
  Status fill(std::uint64_t offset, std::size_t size) {
    const std::uint64_t end = start_ + buffer_.size();
    const bool sequential = offset >= start_ && offset <= end + kSmallest;
    ahead_ = sequential ? std::min(2 * ahead_, kLargest) : std::min(ahead_, kSmallest);
    const std::size_t wanted = std::max(size, ahead_);
    Result<std::size_t> read = 0;
    buffer_.clear();
    buffer_.resize_and_overwrite(wanted, [&](char* into, std::size_t) {
      read = file_->read_at(offset, into, wanted);
      return read.value_or(0);
    });
    start_ = offset;
    if (!read) return std::unexpected(read.error());
    return {};
  }

  env::File* file_;
  std::size_t ahead_;
  std::uint64_t start_ = 0;
  Bytes buffer_;
};

}  // namespace lockstep::kv
