// A controller that knows what no hub can know: the plant's own equations and its true state.
//
// Model-predictive control: it searches the commands whose consequences over the next eight windows cost
// least, computed with the plant's equations, and gives the first of them. It does not foresee: the
// disturbance of this moment is taken to last, so that what it does can be learned from what sensors show.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "edge/devices/plant.h"

namespace lockstep::devices {

class Teacher {
 public:
  virtual ~Teacher() = default;
  // The best commands from `now` on for one window, one per actuator, inside its range. state:
  // Plant::state(); positions: Plant::actuators(). Faults are not known to it. Remembers its last plan as a
  // point to start from: call once per window.
  virtual std::vector<double> command(Duration now, std::span<const double> state,
                                      std::span<const double> positions) = 0;
};

// What one moment costs a plant in this state: the squared distance of the controlled signal from the set
// point, in thousandths of its range, and a hundred times the squared distance beyond the safe envelope of
// every signal, in the same measure.
double tracking_cost(const DeviceInfo& info, std::span<const double> state);

// For the plant that make_plant makes of the same arguments.
std::unique_ptr<Teacher> make_teacher(const Parameters& parameters, std::uint64_t seed);

}  // namespace lockstep::devices
