// What became of one scenario: what its worker said, or how its worker ended without a word.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "scenarios/coverage.h"
#include "scenarios/run.h"

namespace lockstep::farm {

// How it failed, in words that are equal for equal failures: the names of the oracles, not what they say.
struct Signature {
  std::string kind;  // "violated", "unknown", "vacuous", "crash", "no end", "out of memory"; empty: none
  std::vector<std::string> names;  // of oracles, in alphabetical order; of a crash, the signal and the CHECK

  bool operator==(const Signature&) const = default;
  // The same kind, and nothing that `whole` does not have: the same failure, seen by fewer oracles at most.
  bool is_part_of(const Signature& whole) const;
};
std::string to_string(const Signature& signature);  // "violated durability, versions"

struct Outcome {
  Signature signature;
  std::uint32_t nodes = 0;
  std::optional<std::uint32_t> edges{};  // 0: the seed has no field; nullopt: not known, the run did not end
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
  std::uint64_t unknown = 0;
  std::uint64_t events = 0;
  std::uint64_t trace_hash = 0;
  Duration simulated{};
  Duration real{};          // measured by whoever waited for it
  std::string complaint{};  // what the worker wrote to standard error, the end of it
  scenarios::Coverage coverage;

  bool holds() const { return signature.kind.empty(); }
  // Vacuous is no failure of a drawn scenario: a fault of it found no occasion.
  bool is_failure() const { return !holds() && signature.kind != "vacuous"; }
  std::uint64_t operations() const { return ok + failed + unknown; }
};

Outcome outcome_of(const scenarios::Scenario& scenario, const scenarios::Run& run);

// What a worker prints, one JSON document; and back: nothing if it is not whole.
std::string to_text(const Outcome& outcome);
std::optional<Outcome> read_outcome(const std::string& text);

}  // namespace lockstep::farm
