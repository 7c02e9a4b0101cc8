// What an edge can be told at its start, beside its name, its devices and its hub: the typed form of its
// configuration file.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/time.h"
#include "json/problem.h"

namespace lockstep::config {

enum class FullBuffer { kDropOldest, kThin };

// docs/edge.md says how to choose these.
struct Edge {
  std::string about;
  Duration sample_period = std::chrono::milliseconds(100);  // between two looks at each device
  Duration longest_wait = std::chrono::milliseconds(20);    // of a reading for others of its batch
  std::uint64_t most_bytes = std::uint64_t{64} << 20;       // of readings that the hub does not have
  FullBuffer policy = FullBuffer::kDropOldest;              // when there are more
  // Of settings: the trial of a version; how long the one before it stays then; the percent of the disk's
  // time that its clean-up may take, and how many keys go at once.
  Duration probation = std::chrono::seconds(10);
  Duration clean_up_delay = std::chrono::seconds(60);
  std::uint32_t clean_up_ratio = 20;
  std::uint32_t clean_up_keys = 1000;
  bool operator==(const Edge&) const = default;
};

// Any bytes at all may come in; problems are in the order of the text.
std::expected<Edge, json::Problems> parse_edge(std::string_view text);

// The published JSON Schema (config/schema/edge.schema.json), as it was when this program was built.
std::string_view edge_schema_text();

std::string_view to_string(FullBuffer policy);

}  // namespace lockstep::config
