// Layout of entries and metadata in the KV store.
#include "core/replica/log.h"

#include "base/hash.h"
#include "base/text.h"

namespace lockstep::replica {
namespace {

constexpr kv::TreeId kEntryTree = 1;
constexpr kv::TreeId kMetaTree = 2;
constexpr BytesView kHardState = "hard_state";
constexpr BytesView kCommit = "commit";
constexpr BytesView kPrefix = "prefix";

Bytes encode_pair(std::uint64_t first, std::uint64_t second) {
  Bytes out;
  ByteWriter(out).varint(first).varint(second);
  return out;
}

struct Pair {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

Result<std::optional<Pair>> read_pair(kv::Store& store, const Bytes& key) {
  LOCKSTEP_TRY(value, store.get(kMetaTree, key));
  if (!value) return std::nullopt;
  ByteReader reader(*value);
  LOCKSTEP_TRY(first, reader.varint());
  LOCKSTEP_TRY(second, reader.varint());
  return Pair{first, second};
}

void encode(const raft::Entry& entry, Bytes& out) {
  out.clear();
  ByteWriter(out).varint(entry.term.value()).u8(static_cast<std::uint8_t>(entry.kind)).raw(entry.data.view());
}

}  // namespace

std::uint64_t entry_hash(const raft::Entry& entry) {
  return hash64(entry.data.view(), entry.term.value() * 4 + static_cast<std::uint64_t>(entry.kind));
}

Bytes Log::entry_key(LogIndex index) const {
  Bytes key;
  ByteWriter(key).ordered_u32(static_cast<std::uint32_t>(group_.value())).ordered_u64(index.value());
  return key;
}

Bytes Log::meta_key(BytesView name) const {
  Bytes key;
  ByteWriter(key).ordered_u32(static_cast<std::uint32_t>(group_.value())).raw(name);
  return key;
}

Result<raft::Entry> Log::decode(BytesView key, BytesView value) const {
  ByteReader key_reader(key);
  LOCKSTEP_TRY(group, key_reader.ordered_u32());
  LOCKSTEP_TRY(index, key_reader.ordered_u64());
  ByteReader reader(value);
  LOCKSTEP_TRY(term, reader.varint());
  LOCKSTEP_TRY(kind, reader.u8());
  if (group != group_.value() || kind < 1 || kind > 2)
    return fail(ErrorCode::kCorrupt, cat("expected an entry of group ", group_, " at index ", index));
  return raft::Entry{LogIndex(index), Term(term), static_cast<raft::EntryKind>(kind),
                     SharedBytes(Bytes(*reader.raw(reader.remaining())))};
}

Result<raft::Restored> Log::restore() {
  raft::Restored out;
  LOCKSTEP_TRY(hard_state, read_pair(store_, meta_key(kHardState)));
  if (hard_state) out.hard_state = {Term(hard_state->first), NodeId(hard_state->second)};
  LOCKSTEP_TRY(prefix, read_pair(store_, meta_key(kPrefix)));
  if (prefix) {
    out.first_index = LogIndex(prefix->first);
    out.previous_term = Term(prefix->second);
  }
  LOCKSTEP_TRY(commit, read_pair(store_, meta_key(kCommit)));
  if (commit) out.commit = LogIndex(commit->first);

  out.last_index = out.first_index.prev();
  out.last_term = out.previous_term;
  Status entry_status;
  LOCKSTEP_TRY_STATUS(store_.scan(
      kEntryTree, entry_key(out.first_index), entry_key(LogIndex(~0ull)), [&](BytesView key, BytesView value) {
        const auto entry = decode(key, value);
        if (!entry) {
          entry_status = std::unexpected(entry.error());
        } else if (entry->index != out.last_index.next()) {
          entry_status = fail(ErrorCode::kCorrupt, cat("expected log entry ", out.last_index.next(),
                                                       ", found ", entry->index));
        } else {
          out.last_index = entry->index;
          out.last_term = entry->term;
        }
        return entry_status.has_value();
      }));
  LOCKSTEP_TRY_STATUS(entry_status);
  return out;
}

Status Log::persist(std::span<const raft::Persist> persists) {
  kv::Batch batch;
  Bytes value;
  for (const raft::Persist& persist : persists) {
    if (persist.hard_state)
      batch.put(kMetaTree, meta_key(kHardState),
                encode_pair(persist.hard_state->term.value(), persist.hard_state->vote.value()));
    if (persist.truncate_from)
      batch.erase_range(kEntryTree, entry_key(*persist.truncate_from), entry_key(LogIndex(~0ull)));
    for (const raft::Entry& entry : persist.entries) {
      encode(entry, value);
      batch.put(kEntryTree, entry_key(entry.index), value);
    }
  }
  batch.put(kMetaTree, meta_key(kCommit), encode_pair(persists.back().commit.value(), 0));
  return store_.write(batch);
}

Result<std::vector<raft::Entry>> Log::load(const raft::Load& load) {
  std::vector<raft::Entry> entries;
  std::size_t bytes = 0;
  Status entry_status;
  LOCKSTEP_TRY_STATUS(
      store_.scan(kEntryTree, entry_key(load.first), entry_key(load.end), [&](BytesView key, BytesView value) {
        if (!entries.empty() && bytes + value.size() > load.limit_bytes) return false;
        auto entry = decode(key, value);
        if (!entry) {
          entry_status = std::unexpected(entry.error());
          return false;
        }
        if (entry->index != load.first + entries.size()) return false;
        bytes += value.size();
        entries.push_back(std::move(*entry));
        return true;
      }));
  LOCKSTEP_TRY_STATUS(entry_status);
  return entries;
}

Status Log::drop_prefix(LogIndex first, Term previous_term) {
  kv::Batch batch;
  batch.erase_range(kEntryTree, entry_key(LogIndex(0)), entry_key(first));
  batch.put(kMetaTree, meta_key(kPrefix), encode_pair(first.value(), previous_term.value()));
  return store_.write(batch);
}

}  // namespace lockstep::replica
