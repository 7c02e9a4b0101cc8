// Argument reduction and Taylor's series; the constants are ln(2) and pi/2 in pieces.
#include "base/exact_math.h"

#include <array>
#include <cstddef>
#include <limits>

namespace lockstep::exact {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kRound = 0x1.8p52;  // adding it rounds to a whole number, which is then in the low bits

// ln(2) = kLn2High + kLn2Low; the high part has 32 bits, so that its multiples by exponents are exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

constexpr double power_of_two(std::int64_t exponent) {  // -1022 to 1023
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// 1/first!, 1/(first + step)!, ..., signs alternating if `alternating`; the first one positive.
template <std::size_t kTerms>
constexpr std::array<double, kTerms> inverse_factorials(int first, int step, bool alternating) {
  std::array<double, kTerms> terms{};
  double factorial = 1;  // exact up to 22!
  int reached = 1;
  for (std::size_t i = 0; i < kTerms; ++i) {
    const int wanted = first + static_cast<int>(i) * step;
    for (; reached < wanted; ++reached) factorial *= reached + 1;
    terms[i] = (alternating && i % 2 == 1 ? -1.0 : 1.0) / factorial;
  }
  return terms;
}

template <std::size_t kTerms>
constexpr double polynomial(const std::array<double, kTerms>& terms, double x) {
  double sum = terms[kTerms - 1];
  for (std::size_t i = kTerms - 1; i-- > 0;) sum = sum * x + terms[i];
  return sum;
}

// x = quadrant * pi/2 + head + tail, |head| <= pi/4.
struct Reduced {
  std::uint64_t quadrant = 0;  // modulo 4
  double head = 0, tail = 0;
};

// pi/2 in three pieces, two of 33 bits: products with up to 2^20 are exact (Cody and Waite 1980, with the
// error of the second difference kept).
Reduced reduce(double x) {
  constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
  constexpr double kFirst = 0x1.921fb544p+0;
  constexpr double kSecond = 0x1.0b4611a6p-34;
  constexpr double kThird = 0x1.3198a2e037073p-69;
  const double shifted = x * kTwoOverPi + kRound;
  const double whole = shifted - kRound;
  const double rest = x - whole * kFirst;
  const double product = whole * kSecond;
  const double difference = rest - product;
  const double back = difference - rest;  // Knuth's TwoSum of rest and -product
  const double lost = (rest - (difference - back)) + (-product - back);
  const double low = lost - whole * kThird;
  const double head = difference + low;
  return {std::bit_cast<std::uint64_t>(shifted) & 3, head, (difference - head) + low};
}

double sine_of(const Reduced& x) {
  static constexpr auto kTerms = inverse_factorials<8>(3, 2, true);  // up to x^17
  const double square = x.head * x.head;
  return x.head + (x.tail * (1 - square / 2) - x.head * square * polynomial(kTerms, square));
}

double cosine_of(const Reduced& x) {
  static constexpr auto kTerms = inverse_factorials<8>(4, 2, true);  // up to x^18
  const double square = x.head * x.head;
  const double half = square / 2;
  const double rounded = 1 - half;
  return rounded +
         (((1 - rounded) - half) + (square * square * polynomial(kTerms, square) - x.head * x.tail));
}

double turned(const Reduced& x, std::uint64_t quadrants) {
  const std::uint64_t quadrant = (x.quadrant + quadrants) & 3;
  const double value = (quadrant & 1) != 0 ? cosine_of(x) : sine_of(x);
  return quadrant >= 2 ? -value : value;
}

bool in_reach(double x) { return x >= -kTrigonometricLimit && x <= kTrigonometricLimit; }

}  // namespace

double exp(double x) {
  if (x != x) return x;
  if (x > 709.79) return kInfinity;
  if (x < -745.14) return 0;
  constexpr double kLog2E = 0x1.71547652b82fep+0;
  static constexpr auto kTerms = inverse_factorials<12>(2, 1, false);  // the next term is below 2^-57
  const double shifted = x * kLog2E + kRound;
  const double whole = shifted - kRound;
  const double high = x - whole * kLn2High;
  const double low = whole * kLn2Low;
  const double r = high - low;
  const double lost = (high - r) - low;
  const double sum = 1 + (r + (r * r * polynomial(kTerms, r) + lost));
  const auto k = static_cast<std::int64_t>(whole);
  const std::int64_t half = k / 2;  // in two halves: results below the normal numbers are rounded once
  return sum * power_of_two(half) * power_of_two(k - half);
}

double log(double x) {
  if (x != x || x == kInfinity) return x;
  if (x == 0) return -kInfinity;
  if (x < 0) return kNaN;
  std::int64_t k = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= 0x1p54;
    k = -54;
  }
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  constexpr std::uint64_t kFraction = (1ull << 52) - 1;
  constexpr std::uint64_t kRootOfTwo = 0x6a09e667f3bcdull;
  const std::uint64_t up =
      (bits & kFraction) > kRootOfTwo ? 1 : 0;  // the fraction goes into [1/sqrt(2), sqrt(2)]
  k += static_cast<std::int64_t>((bits >> 52) + up) - 1023;
  const double fraction = std::bit_cast<double>((bits & kFraction) | ((1023 - up) << 52)) - 1;
  // log(1 + f) = 2 artanh(s), s = f / (2 + f); and 2 s = f - f^2/2 + s f^2/2, which keeps the large part
  // exact.
  static constexpr auto kTerms = [] {
    std::array<double, 11> terms{};
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = 2.0 / static_cast<double>(2 * i + 3);
    return terms;
  }();
  const double s = fraction / (2 + fraction);
  const double square = s * s;
  const double half = fraction * fraction / 2;
  const auto exponent = static_cast<double>(k);
  const double small = s * (half + square * polynomial(kTerms, square)) + exponent * kLn2Low;
  return exponent * kLn2High - ((half - small) - fraction);
}

double sin(double x) { return in_reach(x) ? turned(reduce(x), 0) : kNaN; }

double cos(double x) { return in_reach(x) ? turned(reduce(x), 1) : kNaN; }

double tanh(double x) {
  const double magnitude = x < 0 ? -x : x;
  if (magnitude >= 22) return x < 0 ? -1 : 1;
  const double twice = 2 * magnitude;
  double value;
  if (magnitude < 0.5) {  // e^2x - 1 by its series: the difference would lose what matters
    static constexpr auto kTerms = inverse_factorials<20>(1, 1, false);
    const double grown = twice * polynomial(kTerms, twice);
    value = grown / (grown + 2);
  } else {
    value = 1 - 2 / (exp(twice) + 1);
  }
  return x < 0 ? -value : value;
}

double sigmoid(double x) { return 1 / (1 + exp(-x)); }

}  // namespace lockstep::exact
