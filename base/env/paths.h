// Paths of the disk port.
#pragma once

#include <string_view>

namespace lockstep::env {

// "" is the root.
constexpr std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return path.substr(0, slash == std::string_view::npos ? 0 : slash);
}

}  // namespace lockstep::env
