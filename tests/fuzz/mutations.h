// Inputs that are nearly those of a corpus: the same on every machine, for builds without libFuzzer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "base/bytes.h"
#include "base/prng.h"

namespace lockstep::fuzz {

// The input number `ordinal`: one of `corpus`, which is not empty, with one to eight changes.
class Mutation {
 public:
  Mutation(const std::vector<Bytes>& corpus, std::uint64_t ordinal)
      : corpus_(corpus), draws_(1, kMutation, ordinal), input_(any()) {
    const std::uint64_t changes = 1 + draws_.next_below(8);
    for (std::uint64_t i = 0; i < changes; ++i) change();
  }

  const Bytes& input() const { return input_; }

 private:
  static constexpr Purpose kMutation{"test.fuzz.mutation"};
  static constexpr std::uint64_t kLongestSpan = 64;

  const Bytes& any() { return corpus_[draws_.next_below(corpus_.size())]; }

  struct Span {
    std::size_t at;
    std::size_t size;
  };
  Span span_of(const Bytes& bytes) {
    const std::size_t at = draws_.next_below(bytes.size() + 1);
    const std::size_t size = draws_.next_below(kLongestSpan);
    return {at, std::min(size, bytes.size() - at)};
  }

  void change() {
    const std::uint64_t kind = draws_.next_below(7);
    if (input_.empty() || kind == 0) return insert_foreign();
    const Span span = span_of(input_);
    switch (kind) {
      case 1: return flip_a_bit();
      case 2: return put_an_extreme();
      case 3: input_.erase(span.at, span.size); return;
      case 4: input_.insert(span.at, Bytes(input_.substr(span.at, span.size))); return;
      case 5: input_.resize(span.at); return;
      default: return insert_foreign();
    }
  }

  void flip_a_bit() {
    const std::size_t at = draws_.next_below(input_.size());
    input_[at] = static_cast<char>(input_[at] ^ (1 << draws_.next_below(8)));
  }

  // What lengths and counts are mistaken for.
  void put_an_extreme() {
    static constexpr unsigned char kExtremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    const std::size_t first = draws_.next_below(input_.size());
    const std::size_t end = std::min<std::size_t>(input_.size(), first + 1 + draws_.next_below(8));
    const unsigned char extreme = kExtremes[draws_.next_below(std::size(kExtremes))];
    for (std::size_t at = first; at < end; ++at) input_[at] = static_cast<char>(extreme);
  }

  void insert_foreign() {
    const Bytes& other = any();
    const Span span = span_of(other);
    const std::size_t at = draws_.next_below(input_.size() + 1);
    input_.insert(at, other.substr(span.at, span.size));
  }

  const std::vector<Bytes>& corpus_;
  Stream draws_;
  Bytes input_;
};

}  // namespace lockstep::fuzz
