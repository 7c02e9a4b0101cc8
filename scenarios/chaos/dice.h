// Keyed draws for one area of a drawn scenario: what another area draws, or a later version adds, shifts
// nothing here.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/prng.h"
#include "base/time.h"
#include "scenarios/scenario.h"

namespace lockstep::chaos {

class Dice {
 public:
  // `area` is the name of what is drawn: "chaos.cluster".
  Dice(std::uint64_t seed, std::string_view area) : stream_(seed, Purpose(area), 0) {}

  std::uint64_t below(std::uint64_t end) { return stream_.next_below(end); }
  // Both included.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
  bool percent(std::uint64_t share) { return below(100) < share; }
  Duration milliseconds(std::uint64_t least, std::uint64_t most) {
    return std::chrono::milliseconds(between(least, most));
  }
  scenarios::Probability percents(std::uint64_t least, std::uint64_t most) {
    return {static_cast<std::uint32_t>(between(least, most) * 10'000)};
  }
  // One of them; who stands there twice comes twice as often.
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[below(choices.size())];
  }

 private:
  Stream stream_;
};

}  // namespace lockstep::chaos
