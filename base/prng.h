// Keyed random draws: a draw is a function of (seed, purpose, object, ordinal), never of what was drawn before.
#pragma once

#include <cstdint>
#include <string_view>

namespace lockstep {

// What a draw is for. Make one per place that draws: constexpr Purpose kElectionTimeout{"raft.election_timeout"};
class Purpose {
 public:
  constexpr explicit Purpose(std::string_view name) : key_(0xcbf29ce484222325ull) {
    for (const char c : name) key_ = (key_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  }
  constexpr std::uint64_t key() const { return key_; }

 private:
  std::uint64_t key_;  // FNV-1a of the name
};

// 64 uniform bits. A new purpose, object or ordinal elsewhere changes nothing here.
constexpr std::uint64_t draw(std::uint64_t seed, Purpose purpose, std::uint64_t object,
                             std::uint64_t ordinal) {
  // Each word is folded in and then spread by the finaliser of SplitMix64 (Steele et al., OOPSLA 2014).
  const auto spread = [](std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  };
  std::uint64_t x = spread(seed + 0x9e3779b97f4a7c15ull);
  x = spread((x ^ purpose.key()) + 0x9e3779b97f4a7c15ull);
  x = spread((x ^ object) + 0x9e3779b97f4a7c15ull);
  return spread((x ^ ordinal) + 0x9e3779b97f4a7c15ull);
}

// A uniform integer in [0, end), end > 0, from 64 uniform bits (the high half of the product;
// the bias is below end / 2^64).
constexpr std::uint64_t below(std::uint64_t bits, std::uint64_t end) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits) * end) >> 64);
}

// True with probability parts_per_million / 1e6.
constexpr bool chance(std::uint64_t bits, std::uint64_t parts_per_million) {
  return below(bits, 1'000'000) < parts_per_million;
}

// The draws of one object for one purpose, counted: the n-th call is ordinal n.
class Stream {
 public:
  constexpr Stream(std::uint64_t seed, Purpose purpose, std::uint64_t object)
      : seed_(seed), purpose_(purpose), object_(object) {}
  constexpr std::uint64_t next() { return draw(seed_, purpose_, object_, ordinal_++); }
  constexpr std::uint64_t next_below(std::uint64_t end) { return below(next(), end); }
  constexpr bool next_chance(std::uint64_t parts_per_million) {
    return chance(next(), parts_per_million);
  }

 private:
  std::uint64_t seed_;
  Purpose purpose_;
  std::uint64_t object_;
  std::uint64_t ordinal_ = 0;
};

}  // namespace lockstep
