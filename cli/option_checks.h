// What options accept, where CLI11's own checks let through too much.
#pragma once

#include <CLI/CLI.hpp>

namespace lockstep::cli {

// A number within both, which NaN is not.
CLI::Validator number_between(double least, double most);
// One line of UTF-8 for people.
CLI::Validator line_of_at_most(std::size_t bytes);

}  // namespace lockstep::cli
