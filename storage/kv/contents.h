// What the records of a log add up to: the index of every tree, live bytes per segment, and the log's own
// facts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/kv/index.h"
#include "storage/kv/record.h"
#include "storage/kv/segment.h"

namespace lockstep::kv {

// One key that a batch put or erased. `value` is valid as long as the payload is.
struct Change {
  TreeId tree = 0;
  Bytes key;
  std::optional<BytesView> value;  // nullopt: erased
};

class Contents {
 public:
  // Applies the records of one payload that begins at `place`, in order. The same code serves writes and
  // replay. `changes`, if given, receives every key that was put or really removed. kCorrupt: no list of
  // records.
  Status apply(BytesView payload, GroupPlace place, std::vector<Change>* changes = nullptr);

  // nullptr: the tree holds nothing.
  const Index* tree(TreeId tree) const;
  const std::map<TreeId, Index>& trees() const { return trees_; }
  std::uint64_t live_bytes(std::uint32_t segment) const;

  // Segments with a smaller id do not count any more.
  std::uint32_t oldest_segment = 0;
  // Ids below may have been given out.
  std::uint64_t ids_reserved = 0;

 private:
  void put(const Record& record, GroupPlace place);
  void erase(const Record& record, std::vector<Change>* changes);
  void erase_range(const Record& record, std::vector<Change>* changes);
  void drop_before(std::uint32_t segment);
  void bury(std::size_t key_bytes, const Location& former);

  std::map<TreeId, Index> trees_;
  std::map<std::uint32_t, std::uint64_t> live_;
};

}  // namespace lockstep::kv
