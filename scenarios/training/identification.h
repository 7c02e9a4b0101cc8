// From what a plant's sensors showed while it was moved to the numbers in its equations: grey-box
// identification by least squares (Ljung, System Identification, 2nd ed., chapters 4 and 7).
//
// The equations are known (edge/devices), the parameters are not, and neither is what happens outside. A span
// of one window gives the slope and the mean of each signal; the equations are linear in certain products of
// the parameters, and these are the least squares' unknowns, each drawn towards its nominal value as strongly
// as plants of this kind are alike. What no sensor can tell, such as the tank's area apart from its inflow
// and its heater, stays nominal: it does not change what the plant does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/devices/parameters.h"

namespace lockstep::training {

struct Reading {
  std::int64_t time_ns = 0;
  double value = 0;
};
// A command that took effect.
struct Move {
  std::int64_t time_ns = 0;
  std::size_t actuator = 0;
  double value = 0;
};

// What is recorded of one device, each list ascending in time.
struct Track {
  std::string kind;
  std::vector<std::vector<Reading>> signals;  // one list per signal of the kind
  std::vector<Move> moves;
};

struct Identified {
  devices::Parameters parameters;
  std::size_t spans = 0;  // that they rest on
};

// Spans without enough readings of every signal, and those before every actuator had its first command, do
// not count. kNotFound: no such kind; kInvalidArgument: signals of another kind; kUnavailable: fewer than 60
// spans, or parameters that no plant has.
Result<Identified> identify(const Track& track);

}  // namespace lockstep::training
