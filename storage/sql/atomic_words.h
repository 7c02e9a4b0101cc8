// A table of atomic words that grows by regions, which never move.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace lockstep::sql {

// Words are 0 until somebody stores another value. Lanes may be threads: nothing here waits.
template <std::size_t kWordsInRegion, std::size_t kMostRegions>
class AtomicWords {
 public:
  using Word = std::atomic<std::uint64_t>;

  AtomicWords() = default;
  ~AtomicWords() {
    for (auto& region : regions_) delete[] region.load(std::memory_order_acquire);
  }
  AtomicWords(const AtomicWords&) = delete;
  AtomicWords& operator=(const AtomicWords&) = delete;

  // nullptr: it was never made, or there is no place for it.
  Word* find(std::uint64_t index) const {
    if (index / kWordsInRegion >= kMostRegions) return nullptr;
    Word* const region = regions_[index / kWordsInRegion].load(std::memory_order_acquire);
    return region == nullptr ? nullptr : &region[index % kWordsInRegion];
  }

  // nullptr: there is no place for it.
  Word* make(std::uint64_t index) {
    if (index / kWordsInRegion >= kMostRegions) return nullptr;
    auto& slot = regions_[index / kWordsInRegion];
    Word* region = slot.load(std::memory_order_acquire);
    if (region == nullptr) {
      auto* const made = new Word[kWordsInRegion]();
      if (slot.compare_exchange_strong(region, made, std::memory_order_acq_rel)) {
        region = made;
      } else {
        delete[] made;
      }
    }
    return &region[index % kWordsInRegion];
  }

 private:
  std::array<std::atomic<Word*>, kMostRegions> regions_{};
};

}  // namespace lockstep::sql
