// From the text of a scenario file to the scenarios it stands for, or to every problem in it with its place.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "json/problem.h"
#include "scenarios/scenario.h"

namespace lockstep::scenarios {

// The names that the system under test knows; a name that is not in a list is a problem. Empty: any name will
// do.
struct Vocabulary {
  std::vector<std::string_view> probes;
  std::vector<std::string_view> events;
};

// One run of a file: a file without "sweep" has one, without a label.
struct Variant {
  std::string label;  // "pause_before_commit=50ms"
  Scenario scenario;
  bool operator==(const Variant&) const = default;
};

// Never empty on either side. Any bytes at all may come in: size and depth are bounded (json/text.h).
// Problems are in the order of the text, at most json::kMaxProblems of them.
std::expected<std::vector<Variant>, json::Problems> parse_scenario(std::string_view text,
                                                                   const Vocabulary& vocabulary = {});

// The published JSON Schema (scenarios/schema/scenario.schema.json), as it was when this program was built.
std::string_view scenario_schema_text();

}  // namespace lockstep::scenarios
