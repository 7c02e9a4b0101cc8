// What a store is opened with, and what opening it found.
#pragma once

#include <cstdint>
#include <string>

namespace lockstep::kv {

struct Options {
  std::string directory = "kv";
  std::size_t segment_bytes = 64 << 20;  // a segment is closed when it has reached this
  unsigned clean_below_live_percent =
      50;  // clean_step() works while closed segments hold less live data; at most 90
  std::size_t ready_bytes =
      256 << 10;  // zeros written ahead of small groups, so that a sync moves no metadata
};

// What open() found, for the log and for tests.
struct Recovery {
  std::uint64_t batches = 0;          // groups replayed: each is what one write() made durable together
  std::uint64_t torn_tail_bytes = 0;  // dropped from the end: the unfinished write of a crash
};

}  // namespace lockstep::kv
