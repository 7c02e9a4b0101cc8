// One pass with the highest version so far per client and key.
#include "reports/sessions.h"

#include <map>
#include <utility>

#include "base/text.h"
#include "reports/evidence.h"

namespace lockstep::reports {

namespace {

// Reads must not see less than the accesses of the given kind before them.
Verdict check_floor(Verdict verdict, const std::vector<VersionedAccess>& accesses, bool floor_is_of_writes) {
  std::map<std::pair<std::int64_t, std::string_view>, const VersionedAccess*> highest;
  std::uint64_t reads = 0;
  Evidence evidence;
  for (const VersionedAccess& access : accesses) {
    const VersionedAccess*& floor = highest[{access.process, access.key}];
    if (!access.is_write) {
      ++reads;
      if (floor != nullptr && access.version < floor->version) {
        evidence.add(cat("process ", access.process, " read version ", access.version, " of ", access.key, " after version ",
                         floor->version, ": ", access.description, "; before: ", floor->description));
      }
    }
    if (access.is_write == floor_is_of_writes && (floor == nullptr || access.version > floor->version)) floor = &access;
  }
  verdict.checked = {{"reads", reads}, {"sessions with a key", highest.size()}};
  evidence.conclude(verdict);
  return verdict;
}

}  // namespace

Verdict check_monotonic_reads(const std::vector<VersionedAccess>& accesses) {
  Verdict verdict;
  verdict.name = "monotonic-reads";
  verdict.promise = "no client reads an older version than it has read before";
  return check_floor(std::move(verdict), accesses, false);
}

Verdict check_read_your_writes(const std::vector<VersionedAccess>& accesses) {
  Verdict verdict;
  verdict.name = "read-your-writes";
  verdict.promise = "no client reads an older version than it has written itself";
  return check_floor(std::move(verdict), accesses, true);
}

}  // namespace lockstep::reports
