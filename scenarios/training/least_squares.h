// Linear least squares with a few unknowns about which something is known beforehand.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace lockstep::training {

// An unknown before anything was seen: a normal distribution.
struct Guess {
  double value = 0;
  double deviation = 1;
};

template <std::size_t kUnknowns>
struct Equation {
  std::array<double, kUnknowns> factors{};
  double result = 0;
};

// The unknowns that make the equations and the guesses together most likely (maximum a posteriori), if
// results have this deviation. Normal equations, scaled by the guesses' deviations, by Cholesky: they are
// positive definite whatever the equations are.
template <std::size_t kUnknowns>
std::array<double, kUnknowns> most_likely(const std::vector<Equation<kUnknowns>>& equations,
                                          const std::array<Guess, kUnknowns>& guesses, double deviation) {
  std::array<std::array<double, kUnknowns>, kUnknowns> matrix{};
  std::array<double, kUnknowns> side{};
  for (std::size_t i = 0; i < kUnknowns; ++i) matrix[i][i] = 1;
  for (const Equation<kUnknowns>& equation : equations) {
    double rest = equation.result;
    for (std::size_t i = 0; i < kUnknowns; ++i) rest -= equation.factors[i] * guesses[i].value;
    for (std::size_t i = 0; i < kUnknowns; ++i) {
      const double row = equation.factors[i] * guesses[i].deviation / (deviation * deviation);
      side[i] += row * rest;
      for (std::size_t k = 0; k <= i; ++k) matrix[i][k] += row * equation.factors[k] * guesses[k].deviation;
    }
  }
  for (std::size_t i = 0; i < kUnknowns; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      double sum = matrix[i][k];
      for (std::size_t j = 0; j < k; ++j) sum -= matrix[i][j] * matrix[k][j];
      matrix[i][k] = i == k ? std::sqrt(sum) : sum / matrix[k][k];
    }
  }
  for (std::size_t i = 0; i < kUnknowns; ++i) {
    for (std::size_t j = 0; j < i; ++j) side[i] -= matrix[i][j] * side[j];
    side[i] /= matrix[i][i];
  }
  for (std::size_t i = kUnknowns; i-- > 0;) {
    for (std::size_t j = i + 1; j < kUnknowns; ++j) side[i] -= matrix[j][i] * side[j];
    side[i] /= matrix[i][i];
  }
  for (std::size_t i = 0; i < kUnknowns; ++i) side[i] = guesses[i].value + side[i] * guesses[i].deviation;
  return side;
}

// The same without the equations that fit worst: those more than three deviations off in a first attempt.
// What they tell is mostly of something that the equations leave out.
template <std::size_t kUnknowns>
std::array<double, kUnknowns> most_likely_of_most(const std::vector<Equation<kUnknowns>>& equations,
                                                  const std::array<Guess, kUnknowns>& guesses,
                                                  double deviation) {
  const auto first = most_likely(equations, guesses, deviation);
  std::vector<Equation<kUnknowns>> fitting;
  for (const Equation<kUnknowns>& equation : equations) {
    double rest = equation.result;
    for (std::size_t i = 0; i < kUnknowns; ++i) rest -= equation.factors[i] * first[i];
    if (std::abs(rest) <= 3 * deviation) fitting.push_back(equation);
  }
  return most_likely(fitting, guesses, deviation);
}

}  // namespace lockstep::training
