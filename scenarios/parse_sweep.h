// One file, several runs: "sweep" names places in the file and the values that stand there in turn.
#pragma once

#include <string>
#include <vector>

#include "scenarios/json_text.h"

namespace lockstep::scenarios {

inline constexpr std::size_t kMaxVariants = 64;

struct VariantText {
  std::string label;  // "pause_before_commit=50ms"; empty without a sweep
  JsonNode document;  // without "sweep"; the values put in keep the position that they have in the sweep
};

// All combinations, the last pointer of the sweep changing fastest. `document` is valid by the schema.
// Problems: a pointer that leads nowhere, too many combinations.
std::vector<VariantText> expand_sweep(const JsonNode& document, Problems& problems);

}  // namespace lockstep::scenarios
