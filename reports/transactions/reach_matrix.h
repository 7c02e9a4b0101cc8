// Who reaches whom in a growing acyclic graph, as a matrix of bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::transactions {

class ReachMatrix {
 public:
  explicit ReachMatrix(std::uint32_t vertices)
      : vertices_(vertices), width_((vertices + 63) / 64), rows_(std::size_t{vertices} * width_) {}

  bool reaches(std::uint32_t from, std::uint32_t to) const {
    return rows_[from * width_ + to / 64] >> (to % 64) & 1;
  }

  // For the beginning: `to` has all its own edges already, and nobody reaches `from` yet.
  void add_in_reverse(std::uint32_t from, std::uint32_t to) {
    const std::uint64_t* gained = &rows_[to * width_];
    std::uint64_t* row = &rows_[from * width_];
    for (std::size_t i = 0; i < width_; ++i) row[i] |= gained[i];
    row[to / 64] |= 1ull << (to % 64);
  }

  // How many vertices this one reaches: more than any of those does.
  std::uint32_t count(std::uint32_t from) const {
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < width_; ++i)
      total += static_cast<std::uint32_t>(std::popcount(rows_[from * width_ + i]));
    return total;
  }
  std::size_t bytes() const { return rows_.size() * sizeof(std::uint64_t); }

  // False: it would close a cycle; nothing is changed then. `work` counts the words that were touched.
  bool add(std::uint32_t from, std::uint32_t to, std::uint64_t& work) {
    if (from == to || reaches(to, from)) return false;
    if (reaches(from, to)) return true;
    const std::uint64_t* gained = &rows_[to * width_];
    for (std::uint32_t vertex = 0; vertex < vertices_; ++vertex) {
      if ((vertex != from && !reaches(vertex, from)) || reaches(vertex, to)) continue;
      std::uint64_t* row = &rows_[vertex * width_];
      for (std::size_t i = 0; i < width_; ++i) row[i] |= gained[i];
      row[to / 64] |= 1ull << (to % 64);
      work += width_;
    }
    work += vertices_ / 64 + 1;
    return true;
  }

 private:
  std::uint32_t vertices_;
  std::size_t width_;
  std::vector<std::uint64_t> rows_;
};

}  // namespace lockstep::transactions
