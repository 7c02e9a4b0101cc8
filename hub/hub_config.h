// What of a hub can be chosen; equal on all nodes, or decisions depend on who leads.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace lockstep::hub {

struct HubConfig {
  // Sensing: batches of one stream under way, and writes of batches that wait for the log at once: what comes
  // meanwhile shares the next one.
  std::uint32_t credit = 64;
  std::size_t most_intake_writes = 4;

  // Decisions: an instruction has so many windows to be begun.
  std::uint64_t deadline_windows = 2;
  // An instruction that nobody has acknowledged is sent again after this, and after twice as long each time.
  Duration resend_first = std::chrono::milliseconds(200);
  Duration resend_most = std::chrono::seconds(5);

  // Packages: versions of each kind that stay for a rollback, beside the active one and the settings that
  // edges run.
  std::size_t kept_versions = 3;

  Duration report_interval = std::chrono::seconds(1);

  // Readings and settled instructions that are older are deleted, so many rows a step at most; zero: all
  // stay.
  Duration retention{};
  Duration retention_interval = std::chrono::seconds(1);
  std::uint64_t retention_step = 256;
};

}  // namespace lockstep::hub
