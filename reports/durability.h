// Nothing acknowledged is lost, nothing is applied twice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/history.h"
#include "reports/verdict.h"

namespace lockstep::reports {

// A write with an identity of its own, e.g. client and sequence number, which survives retries.
struct IdentifiedWrite {
  std::string id;
  Completion completion = Completion::kInfo;
  std::string description;  // for people: "process 3 insert 117, acknowledged at 12.417 s"
};

// What a replica holds at the end: the identity of each write as often as it was applied.
struct FinalContents {
  std::string replica;
  std::vector<std::string> ids;
};

// Acknowledged: present on every replica, once. Failed: absent. Unknown: at most once. A write that nobody
// asked for is a violation too. Without contents, or without acknowledged writes, the verdict is unknown.
// `may_lose` writes may be missing, where a scenario says so; those that are missing are taken off it.
Verdict check_durability(const std::vector<IdentifiedWrite>& writes,
                         const std::vector<FinalContents>& contents, std::uint64_t& may_lose);
Verdict check_durability(const std::vector<IdentifiedWrite>& writes,
                         const std::vector<FinalContents>& contents);

}  // namespace lockstep::reports
