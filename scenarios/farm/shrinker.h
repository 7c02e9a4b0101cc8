// Makes a failing scenario smaller for as long as it fails alike.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenarios/farm/workers.h"
#include "scenarios/scenario.h"

namespace lockstep::farm {

struct ShrinkLimits {
  std::uint64_t runs = 2000;
  Duration time = std::chrono::minutes(3);
};

struct Shrunk {
  nlohmann::ordered_json document;  // as short_json() makes it
  Outcome outcome;                  // of its run
  std::uint64_t runs = 0;
  bool is_minimal = false;  // false: a limit was reached, or somebody interrupted
};

class Shrinker {
 public:
  // Told now and then: how many lines the scenario has left, and how many runs it took.
  using Progress = std::function<void(std::size_t lines, std::uint64_t runs)>;

  // The workers are idle, and are so again afterwards. What is found does not depend on how many they are,
  // unless the time is over.
  Shrinker(Workers& workers, const ShrinkLimits& limits, Progress progress = {})
      : workers_(workers), limits_(limits), progress_(std::move(progress)) {}

  // `failing` runs with its own seed. kInvalidArgument: it does not fail.
  Result<Shrunk> shrink(const scenarios::Scenario& failing);

 private:
  // The first of them that fails alike takes the place of the document.
  Result<bool> improve(std::vector<nlohmann::ordered_json> candidates);
  Result<std::optional<std::size_t>> first_alike(const std::vector<std::string>& texts);
  bool is_over() const;

  Workers& workers_;
  ShrinkLimits limits_;
  Progress progress_;
  std::chrono::steady_clock::time_point began_{};
  Signature signature_;
  Shrunk best_;
  std::set<std::string> refuted_;  // texts that do not fail alike
};

}  // namespace lockstep::farm
