// What stands on a test bench: any plant of a kind, or one whose numbers are known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/devices/parameters.h"

namespace lockstep::training {

struct Specimen {
  std::string kind;
  double drift = 0;  // how worn; as devices::make_plant
  // Not drawn from the plant's seed: its drift does not count then.
  std::optional<devices::Parameters> known = {};
  bool operator==(const Specimen&) const = default;
};

inline Specimen known_specimen(const devices::Parameters& parameters) {
  return {.kind = std::string(devices::kind_of(parameters)), .drift = 0, .known = parameters};
}

}  // namespace lockstep::training
