// Kinds of packages by the names that people give and read.
#pragma once

#include <string_view>

#include "core/proto/dispatch.pb.h"

namespace lockstep::cli {

std::string_view name_of(wire::PackageKind kind);
// PACKAGE_NONE: no kind has this name.
wire::PackageKind kind_of(std::string_view name);

}  // namespace lockstep::cli
