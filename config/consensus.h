// How members agree, in numbers: what a node's configuration and a scenario both say under "cluster".
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/time.h"
#include "json/cursor.h"

namespace lockstep::config {

enum class WriteMode : std::uint8_t { kQuorum, kStrong };  // who must have prepared before Commit

// The thresholds of the batcher: a batch is closed by whichever is reached first.
struct Batching {
  std::uint32_t max_entries = 256;
  std::uint32_t max_bytes = 1 << 20;
  Duration max_delay = std::chrono::milliseconds(2);  // zero: nothing waits for company
  bool operator==(const Batching&) const = default;
};

struct Consensus {
  Duration election_timeout = std::chrono::milliseconds(300);
  // Read: below a third of the election timeout; not given: a sixth of it.
  Duration heartbeat_interval = std::chrono::milliseconds(50);
  WriteMode write_mode = WriteMode::kQuorum;
  Duration pause_before_commit{};                      // above zero, or mode `strong`: writes are two-phase
  Duration prepare_timeout = std::chrono::seconds(2);  // a two-phase write not prepared by then is aborted
  Batching batch;
  std::uint64_t drop_prefix_entries = 2048;  // the log prefix nobody needs goes in steps of at least this
  bool operator==(const Consensus&) const = default;
};

std::string_view to_string(WriteMode mode);

// The members of this object that are Consensus's, as in json/cursor.h; what is not given stays as it is.
void read(const json::Cursor& cluster, Consensus& out);
// The object that read() takes for the same.
nlohmann::ordered_json to_json(const Consensus& consensus);

}  // namespace lockstep::config
