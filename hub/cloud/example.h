// What a model is taught with: a window as tokens, and the steps that the teacher took then.
#pragma once

#include <vector>

#include "hub/policy/tokens.h"

namespace lockstep::cloud {

struct Example {
  std::vector<hub::Token> prompt;  // up to DECIDE
  std::vector<double> steps;       // one per actuator, from -1 to 1
};

inline Example make_example(const hub::DeviceModel& device, const hub::Window& window,
                            const std::vector<double>& commands) {
  Example out;
  hub::encode_window(device, window, out.prompt);
  for (std::size_t i = 0; i < device.actuators.size(); ++i)
    out.steps.push_back(
        hub::step_between(device.actuators[i], hub::last_command(device, window, i), commands[i]));
  return out;
}

}  // namespace lockstep::cloud
