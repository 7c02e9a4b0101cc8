// The events of core/replica/events.h as typed facts.
#pragma once

#include "base/env/trace.h"
#include "base/ids.h"
#include "core/raft/types.h"
#include "sim/disk_rules.h"
#include "sim/events.h"

namespace lockstep::scenarios {

// A fault of the disk that leaves something of what was written otherwise than it was, or lost. What its node had called
// durable may not be there when it comes back, and nobody could have known.
inline bool harms_storage(const env::Event& event) {
  if (event.type->number == sim::kDiskForgot.number) return true;
  if (event.type->number != sim::kDiskFault.number) return false;
  const auto trouble = static_cast<sim::DiskTrouble>(event.fields[0]);
  return trouble == sim::DiskTrouble::kMisdirect || trouble == sim::DiskTrouble::kPhantom ||
         trouble == sim::DiskTrouble::kRot;
}

// That, or the disk was taken away whole.
inline bool takes_from_storage(const env::Event& event) {
  return event.type->number == sim::kDiskWiped.number || harms_storage(event);
}

inline GroupId group_of(const env::Event& event) { return GroupId(event.fields[0]); }

struct DurableEntry {
  explicit DurableEntry(const env::Event& event)
      : index(event.fields[1]), term(event.fields[2]), hash(event.fields[3]) {}
  LogIndex index;
  Term term;
  std::uint64_t hash;
};

struct AppliedEntry {
  explicit AppliedEntry(const env::Event& event)
      : index(event.fields[1]),
        term(event.fields[2]),
        hash(event.fields[3]),
        digest(event.fields[4]),
        result(event.fields[5]) {}
  LogIndex index;
  Term term;
  std::uint64_t hash;
  std::uint64_t digest;
  std::uint64_t result;
};

struct Recovery {
  explicit Recovery(const env::Event& event)
      : first(event.fields[1]),
        last(event.fields[2]),
        commit(event.fields[3]),
        applied(event.fields[4]),
        term(event.fields[5]) {}
  LogIndex first;
  LogIndex last;
  LogIndex commit;
  LogIndex applied;
  Term term;
};

struct RoleChange {
  explicit RoleChange(const env::Event& event)
      : role(static_cast<raft::Role>(event.fields[1])), term(event.fields[2]) {}
  raft::Role role;
  Term term;
};

struct Truncation {
  explicit Truncation(const env::Event& event)
      : from(event.fields[1]), role(static_cast<raft::Role>(event.fields[2])), ordered_in(event.fields[3]) {}
  LogIndex from;
  raft::Role role;
  Term ordered_in;  // the disk may have been slow
};

// Also a place in the committed log: the first to report `index` is a leader, by an entry of its own term there
// (Raft §5.4.2).
struct CommitPoint {
  CommitPoint() = default;
  explicit CommitPoint(const env::Event& event) : index(event.fields[1]), term(event.fields[2]) {}
  LogIndex index;
  Term term;
};

}  // namespace lockstep::scenarios
