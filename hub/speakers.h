// Who may say what to a hub, by the number that the sender bears and nobody else (docs/decisions/0103).
#pragma once

#include <string>

#include "base/ids.h"
#include "core/proto/field.pb.h"

namespace lockstep::hub {

// Empty: nothing is wrong with it. Otherwise the reason of a Refused: an edge speaks for the edge of its own
// number only, also in the names of series; packages and questions come from clouds.
std::string objection_to(NodeId from, const wire::FieldMessage& message);

}  // namespace lockstep::hub
