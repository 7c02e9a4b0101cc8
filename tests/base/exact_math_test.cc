// The functions are as exact as their header says, and their bits are the ones that every build must give.
#include "base/exact_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/hash.h"
#include "base/prng.h"

namespace lockstep::exact {
namespace {

constexpr Purpose kArguments{"test.exact_math.arguments"};
constexpr int kDraws = 200'000;

// Uniform in [low, high).
double argument(std::uint64_t ordinal, double low, double high) {
  return low + (high - low) * (static_cast<double>(draw(1, kArguments, 0, ordinal) >> 11) * 0x1p-53);
}

template <class T>
long double error_in_ulp(T found, long double wanted) {
  const T near = std::abs(static_cast<T>(wanted));
  const T ulp = std::nextafter(near, std::numeric_limits<T>::infinity()) - near;
  return std::fabs((static_cast<long double>(found) - wanted) / static_cast<long double>(ulp));
}

// The largest error in [low, high) against the C library's function with 64 bits of significand.
template <class T>
long double worst(T (*ours)(T), long double (*reference)(long double), double low, double high) {
  long double largest = 0;
  for (int i = 0; i < kDraws; ++i) {
    const T x = static_cast<T>(argument(static_cast<std::uint64_t>(i), low, high));
    largest = std::max(largest, error_in_ulp(ours(x), reference(x)));
  }
  return largest;
}

long double logistic(long double x) { return 1 / (1 + expl(-x)); }

TEST(ExactMath, DoublesAreAsExactAsStated) {
  EXPECT_LE(worst<double>(exp, expl, -708, 709), 1);
  EXPECT_LE(worst<double>(exp, expl, -745, -708), 1);  // below the normal numbers
  EXPECT_LE(worst<double>(exp, expl, -1, 1), 1);
  EXPECT_LE(worst<double>(log, logl, 1e-3, 3), 1);
  EXPECT_LE(worst<double>(log, logl, 0.99, 1.01), 1);
  EXPECT_LE(worst<double>(log, logl, 1, 1e300), 1);
  EXPECT_LE(worst<double>(log, logl, 1e-320, 1e-308), 1);
  EXPECT_LE(worst<double>(sin, sinl, -10, 10), 1);
  EXPECT_LE(worst<double>(cos, cosl, -10, 10), 1);
  EXPECT_LE(worst<double>(sin, sinl, -kTrigonometricLimit, kTrigonometricLimit), 1);
  EXPECT_LE(worst<double>(cos, cosl, -kTrigonometricLimit, kTrigonometricLimit), 1);
  EXPECT_LE(worst<double>(tanh, tanhl, -1, 1), 3);
  EXPECT_LE(worst<double>(tanh, tanhl, -25, 25), 3);
  EXPECT_LE(worst<double>(sigmoid, logistic, -700, 700), 3);
}

TEST(ExactMath, FloatsAreAsExactAsStated) {
  EXPECT_LE(worst<float>(exp, expl, -87, 88), 1);
  EXPECT_LE(worst<float>(exp, expl, -103, -87), 1);
  EXPECT_LE(worst<float>(sigmoid, logistic, -80, 80), 3);
  EXPECT_LE(worst<float>(log, logl, 1e-3, 1e3), 0.51);
  EXPECT_LE(worst<float>(sin, sinl, -1000, 1000), 0.51);
  EXPECT_LE(worst<float>(cos, cosl, -1000, 1000), 0.51);
  EXPECT_LE(worst<float>(tanh, tanhl, -10, 10), 0.51);
}

// Where the reduction by pi/2 cancels most.
TEST(ExactMath, SineBesideMultiplesOfPiKeepsItsDigits) {
  for (int k = 1; k <= 500'000; k += 7) {
    const double x = static_cast<double>(k) * 3.14159265358979311600;
    ASSERT_LE(error_in_ulp(sin(x), sinl(x)), 1) << k;
  }
}

TEST(ExactMath, EndsOfTheRanges) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(exp(0.0), 1);
  EXPECT_EQ(exp(710.0), kInfinity);
  EXPECT_EQ(exp(-kInfinity), 0);
  EXPECT_EQ(exp(-746.0), 0);
  EXPECT_TRUE(std::isnan(exp(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_EQ(exp(0.0f), 1);
  EXPECT_TRUE(std::isinf(exp(std::numeric_limits<float>::infinity())));
  EXPECT_EQ(exp(-std::numeric_limits<float>::infinity()), 0);
  EXPECT_TRUE(std::isnan(exp(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_EQ(log(1.0), 0);
  EXPECT_EQ(log(0.0), -kInfinity);
  EXPECT_EQ(log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(log(-1.0)));
  EXPECT_EQ(sin(0.0), 0);
  EXPECT_EQ(cos(0.0), 1);
  EXPECT_TRUE(std::isnan(sin(2e6)));
  EXPECT_TRUE(std::isnan(cos(-kInfinity)));
  EXPECT_EQ(tanh(-30.0), -1);
  EXPECT_EQ(tanh(kInfinity), 1);
  EXPECT_TRUE(std::isnan(tanh(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_EQ(sigmoid(0.0), 0.5);
}

// A fingerprint of 90,000 results: equal in every build, or a decision could differ between two nodes.
TEST(ExactMath, BitsAreTheSameInEveryBuild) {
  Bytes results;
  const auto add = [&](auto value) { results.append(reinterpret_cast<const char*>(&value), sizeof value); };
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const double x = argument(i, -50, 50);
    const float y = static_cast<float>(x);
    add(exp(x));
    add(log(exp(x)));
    add(sin(x));
    add(cos(x));
    add(tanh(x));
    add(sigmoid(x));
    add(exp(y));
    add(sigmoid(y));
    add(sin(y));
  }
  EXPECT_EQ(hash64(results), 0x78e16c125d00906aull);
}

}  // namespace
}  // namespace lockstep::exact
