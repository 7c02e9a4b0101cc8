// The Raft log and hard state of one group, kept in the KV store. Belongs to the log lane.
//
// Keys and values: docs/format/raft_log.md.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "core/raft/types.h"
#include "storage/kv/store.h"

namespace lockstep::replica {

// Identifies an entry in traces: equal entries at equal indexes have equal hashes.
std::uint64_t entry_hash(const raft::Entry& entry);

class Log {
 public:
  Log(kv::Store& store, GroupId group) : store_(store), group_(group) {}

  // What the log holds; `applied` is left at zero. kCorrupt if entries are missing between the first and the last.
  Result<raft::Restored> restore();

  // Executes the effects in order, durably, with one write and one sync.
  Status persist(std::span<const raft::Persist> persists);

  // Entries [first, end) up to the byte limit, at least one. Empty if `first` is not in the log.
  Result<std::vector<raft::Entry>> load(const raft::Load& load);

  // Forgets the entries before `first`; `previous_term` is the term of the entry just before it.
  Status drop_prefix(LogIndex first, Term previous_term);

 private:
  Bytes entry_key(LogIndex index) const;
  Bytes meta_key(BytesView name) const;
  Result<raft::Entry> decode(BytesView key, BytesView value) const;

  kv::Store& store_;
  GroupId group_;
};

}  // namespace lockstep::replica
