// A plain map that does what a store promises, and random batches for both.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/prng.h"
#include "base/text.h"
#include "storage/kv/store.h"

namespace lockstep::kv {

// One random change, applied to a batch and to the model alike.
class Model {
 public:
  void put(TreeId tree, const Bytes& key, const Bytes& value) { entries_[{tree, key}] = value; }
  void erase(TreeId tree, const Bytes& key) { entries_.erase({tree, key}); }
  void erase_range(TreeId tree, const Bytes& first, const Bytes& end) {
    std::erase_if(entries_, [&](const auto& entry) {
      const auto& [in, key] = entry.first;
      return in == tree && first <= key && (end.empty() || key < end);
    });
  }

  std::string dump() const {
    std::string text;
    for (const auto& [at, value] : entries_) text += cat(at.first, "/", at.second, "=", value, "\n");
    return text;
  }

  bool operator==(const Model&) const = default;

 private:
  std::map<std::pair<TreeId, Bytes>, Bytes> entries_;
};

// Keys are few, so that overwriting, erasing and erasing nothing are all common. Values are up to `largest`
// bytes and often full of zeros, which is what an unwritten sector looks like.
inline void change_randomly(Stream& random, std::size_t largest, Batch& batch, Model& model) {
  const TreeId tree = static_cast<TreeId>(random.next_below(3));
  const Bytes key = cat("k", random.next_below(40));
  const std::uint64_t kind = random.next_below(10);
  if (kind < 7) {
    const std::size_t size = random.next_below(random.next_chance(100'000) ? largest + 1 : 100);
    const Bytes value(size,
                      random.next_chance(300'000) ? '\0' : static_cast<char>('a' + random.next_below(26)));
    batch.put(tree, key, value);
    model.put(tree, key, value);
  } else if (kind < 9) {
    batch.erase(tree, key);
    model.erase(tree, key);
  } else {
    const Bytes end = random.next_chance(100'000) ? Bytes() : cat("k", random.next_below(40));
    batch.erase_range(tree, key, end);
    model.erase_range(tree, key, end);
  }
}

}  // namespace lockstep::kv
