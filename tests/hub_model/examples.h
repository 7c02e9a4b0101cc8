// Models for tests: drawn weights, and the files that PyTorch has judged.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "hub/model/weights.h"

namespace lockstep::model {

// Every number drawn, matrices scaled so that activations stay about 1.
Weights drawn_weights(const Configuration& configuration, std::uint64_t seed);

// tests/hub_model/golden/NAME.
Bytes golden_file(std::string_view name);

}  // namespace lockstep::model
