// Session guarantees per client on versioned registers (Terry et al. 1994).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/verdict.h"

namespace lockstep::reports {

// What one client did with a key whose every write gets a higher version, in the order of the client.
struct VersionedAccess {
  std::int64_t process = 0;
  std::string key;
  bool is_write = false;
  std::uint64_t version = 0;  // that the read saw or the write made
  std::string description;
};

// Monotonic reads: no read sees a lower version than an earlier read of the same client.
// Read your writes: no read sees a lower version than an earlier acknowledged write of the same client.
Verdict check_monotonic_reads(const std::vector<VersionedAccess>& accesses);
Verdict check_read_your_writes(const std::vector<VersionedAccess>& accesses);

}  // namespace lockstep::reports
