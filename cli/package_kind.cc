// One list for both directions.
#include "cli/package_kind.h"

#include <cstddef>
#include <iterator>

namespace lockstep::cli {
namespace {

constexpr std::string_view kKinds[] = {"", "model", "policy", "settings"};

}  // namespace

wire::PackageKind kind_of(std::string_view name) {
  for (std::size_t at = 1; at < std::size(kKinds); ++at)
    if (kKinds[at] == name) return static_cast<wire::PackageKind>(at);
  return wire::PACKAGE_NONE;
}

std::string_view name_of(wire::PackageKind kind) {
  const auto at = static_cast<std::size_t>(kind);
  return at < std::size(kKinds) ? kKinds[at] : "?";
}

}  // namespace lockstep::cli
