// The bytes of the packages that a scenario's cloud sends, sound and otherwise.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "scenarios/field.h"

namespace lockstep::scenarios {

// Deterministic: equal arguments, equal bytes. Sound models are small, with weights of their own for each
// seed and version.
Bytes package_bytes(PackageKind kind, Content content, std::uint64_t version, std::uint64_t seed);

}  // namespace lockstep::scenarios
