// One file, several runs: "sweep" names places in the file and the values that stand there in turn.
#pragma once

#include <string>
#include <vector>

#include "json/text.h"

namespace lockstep::scenarios {

inline constexpr std::size_t kMaxVariants = 64;

struct VariantText {
  std::string label;    // "pause_before_commit=50ms"; empty without a sweep
  json::Node document;  // without "sweep"; the values put in keep the position that they have in the sweep
};

// All combinations, the last pointer of the sweep changing fastest. `document` is valid by the schema.
// Problems: a pointer that leads nowhere, too many combinations.
std::vector<VariantText> expand_sweep(const json::Node& document, json::Problems& problems);

}  // namespace lockstep::scenarios
