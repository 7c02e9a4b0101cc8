// Reads a whole file that gzip may have packed.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace lockstep::cli {

// What the file holds, unpacked where gzip (RFC 1952) has packed it; of standard input for "-". An error for
// a device or a directory, for a file that cannot be read, is cut off or damaged, and for more than
// `most_bytes` unpacked.
Result<std::string> read_maybe_packed(const std::string& path, std::size_t most_bytes);

}  // namespace lockstep::cli
