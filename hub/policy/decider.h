// From a window of readings to commands: the model proposes, the rules bound it. Equal inputs give equal
// decisions on every compiler and machine.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "hub/policy/decision.h"

namespace lockstep::hub {

// One active pair of model and policy. Immutable: a reload makes another one.
class Decider {
 public:
  virtual ~Decider() = default;
  virtual Decision decide(const DeviceModel& device, const Window& window, const Correction& correction) = 0;
};

// Both may be empty: then the built-in rules alone. kCorrupt or kInvalidArgument with the reason: a bad,
// truncated or hostile file (verified as H2 says: header, shapes, overlaps, finite, self-test prompt with its
// expected output).
Result<std::unique_ptr<Decider>> make_decider(BytesView model, BytesView policy);
Status verify_model(BytesView model);
Status verify_policy(BytesView policy);

}  // namespace lockstep::hub
