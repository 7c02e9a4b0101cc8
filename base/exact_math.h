// Elementary functions that give the same bits on every compiler and machine: no libm behind them.
//
// Only + - * / and sqrt of IEEE 754 (correctly rounded, so equal everywhere), comparisons and the bits of
// numbers; never contracted (-ffp-contract=off for the whole project). Errors are against the true value, in
// units of the last place (ulp) of the result; tests/base/exact_math_test.cc measures them. NaN gives NaN
// everywhere.
#pragma once

#include <bit>
#include <cstdint>

namespace lockstep::exact {

// e^x; 1 ulp. Infinite above 709.79, 0 below -745.14.
double exp(double x);
// The natural logarithm; 1 ulp. -infinity for 0, NaN for negative numbers.
double log(double x);
// x in radians; 1 ulp for |x| <= kTrigonometricLimit, NaN beyond it: there the reduction by pi/2 would be a
// guess.
double sin(double x);
double cos(double x);
inline constexpr double kTrigonometricLimit = 1'600'000;
// 3 ulp.
double tanh(double x);
// 1 / (1 + e^-x); 3 ulp for |x| <= 700.
double sigmoid(double x);

// e^x; 1 ulp. Without a branch, so that a loop over it becomes vector code (the same operations in each
// lane).
inline float exp(float x) {
  constexpr float kLog2E = 0x1.715476p+0f;
  constexpr float kLn2High = 0x1.62ep-1f;  // 12 bits: a multiple of it by up to 2^12 is exact
  constexpr float kLn2Low = 0x1.0bfbe8p-15f;
  constexpr float kRound = 0x1.8p23f;  // adding it rounds to a whole number, which is then in the low bits
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  const float shifted = x * kLog2E + kRound;
  const float whole = shifted - kRound;
  const float r = (x - whole * kLn2High) - whole * kLn2Low;
  // Taylor's series: for |r| <= ln(2) / 2 the next term is below 2^-27.
  float sum = 1.0f / 5040;
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = 1.0f + (r + r * r * sum);
  // 2^k in two halves, so that results below the normal numbers are rounded once.
  const std::uint32_t k = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(kRound);
  const std::uint32_t half = static_cast<std::uint32_t>(static_cast<std::int32_t>(k) >> 1);
  sum *= std::bit_cast<float>((half + 127u) << 23);
  return sum * std::bit_cast<float>((k - half + 127u) << 23);
}
// 1 / (1 + e^-x); 3 ulp for |x| <= 80.
inline float sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }
// Correctly rounded but for about one argument in 2^28: through double.
inline float log(float x) { return static_cast<float>(log(static_cast<double>(x))); }
inline float sin(float x) { return static_cast<float>(sin(static_cast<double>(x))); }
inline float cos(float x) { return static_cast<float>(cos(static_cast<double>(x))); }
inline float tanh(float x) { return static_cast<float>(tanh(static_cast<double>(x))); }

}  // namespace lockstep::exact
