// Applying records to the index and keeping count of what still lives in each segment.
#include "storage/kv/contents.h"

#include "base/check.h"
#include "base/text.h"

namespace lockstep::kv {

Status Contents::apply(BytesView payload, GroupPlace place, std::vector<Change>* changes) {
  RecordReader reader(payload);
  for (Record record; reader.next(record);) {
    switch (record.kind) {
      case RecordKind::kPut:
        put(record, place);
        if (changes) changes->push_back({record.tree, Bytes(record.key), record.value});
        break;
      case RecordKind::kErase: erase(record, changes); break;
      case RecordKind::kEraseRange: erase_range(record, changes); break;
      case RecordKind::kDropBefore: drop_before(static_cast<std::uint32_t>(record.number)); break;
      case RecordKind::kReserveIds: ids_reserved = record.number; break;
      case RecordKind::kEnd: break;
    }
  }
  if (!reader.ended_well())
    return fail(ErrorCode::kCorrupt, cat("expected a record at offset ", place.offset + reader.offset(),
                                         " of ", segment_name(place.segment)));
  return {};
}

void Contents::bury(std::size_t key_bytes, const Location& former) {
  std::uint64_t& live = live_[former.segment];
  const std::uint64_t weight = record_weight(key_bytes, former.size);
  CHECK(live >= weight, "segment ", former.segment, " live ", live, " weight ", weight);
  live -= weight;
}

void Contents::put(const Record& record, GroupPlace place) {
  const Location location{place.segment, static_cast<std::uint32_t>(place.offset + record.value_at),
                          static_cast<std::uint32_t>(record.value.size())};
  const auto former = trees_[record.tree].put(record.key, location);
  if (former) bury(record.key.size(), *former);
  live_[place.segment] += record_weight(record.key.size(), record.value.size());
}

void Contents::erase(const Record& record, std::vector<Change>* changes) {
  const auto tree = trees_.find(record.tree);
  if (tree == trees_.end()) return;
  const auto former = tree->second.erase(record.key);
  if (!former) return;
  bury(record.key.size(), *former);
  if (changes) changes->push_back({record.tree, Bytes(record.key), std::nullopt});
  if (tree->second.empty()) trees_.erase(tree);
}

void Contents::erase_range(const Record& record, std::vector<Change>* changes) {
  const auto tree = trees_.find(record.tree);
  if (tree == trees_.end()) return;
  tree->second.erase_range(record.key, record.value, [&](const Index::Entry& entry) {
    bury(entry.key.size(), entry.location);
    if (changes) changes->push_back({record.tree, entry.key, std::nullopt});
  });
  if (tree->second.empty()) trees_.erase(tree);
}

void Contents::drop_before(std::uint32_t segment) {
  oldest_segment = segment;
  std::erase_if(live_, [segment](const auto& of) { return of.first < segment && of.second == 0; });
}

const Index* Contents::tree(TreeId tree) const {
  const auto found = trees_.find(tree);
  return found == trees_.end() ? nullptr : &found->second;
}

std::uint64_t Contents::live_bytes(std::uint32_t segment) const {
  const auto found = live_.find(segment);
  return found == live_.end() ? 0 : found->second;
}

}  // namespace lockstep::kv
