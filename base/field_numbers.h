// Numbers of those beside a cluster, its field: an edge's follows from its name, so that nobody has to give
// it one.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace lockstep {

// Above all members and clients; below the numbers that a node makes up for connections.
inline constexpr std::uint64_t kFirstFieldNumber = 10'000;
inline constexpr std::uint64_t kEndOfFieldNumbers = std::uint64_t{1} << 62;

enum class FieldKind : std::uint8_t { kNobody, kEdge, kCloud };

// Who bears this number, if anybody in the field does.
FieldKind field_kind(NodeId number);

// "e7" is 10,007; other names are numbers by their hash, 2^32 and up to 48 bits above. The same name is the
// same number always.
NodeId edge_number(std::string_view name);

// Clouds that stay have numbers from here to 2^32.
inline constexpr NodeId kCloudNumber{20'001};
// Of a command that comes and goes beside the cloud; `drawn` at random, so that two do not meet.
NodeId passing_cloud_number(std::uint64_t drawn);

}  // namespace lockstep
