// What callers of the disk port ask about a path.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/env/disk.h"
#include "base/result.h"

namespace lockstep::env {

// "" is the root.
constexpr std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return path.substr(0, slash == std::string_view::npos ? 0 : slash);
}

// Whether it is that file, or below that directory; everything is below the root.
constexpr bool is_within(std::string_view path, std::string_view place) {
  if (place.empty()) return true;
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

// In bytes; 0 also for a file that does not exist.
inline Result<std::uint64_t> size_of(Disk& disk, std::string_view path) {
  LOCKSTEP_TRY(exists, disk.exists(path));
  if (!exists) return 0;
  LOCKSTEP_TRY(file, disk.open(path, OpenMode::kMustExist));
  return file->size();
}

}  // namespace lockstep::env
