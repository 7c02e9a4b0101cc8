// What an edge has of its devices: sensors to look at and actuators to move. The world behind it goes on
// while the edge is dead.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "edge/devices/plant.h"

namespace lockstep::edge {

// What one sensor showed.
struct Sample {
  std::size_t signal = 0;  // its place in the device's description
  double value = 0;
  Duration ago{};  // since it was shown, of a sensor that gathers; later ones come later
};

// Called on the actor; outlives it. Never calls back.
class Driver {
 public:
  virtual ~Driver() = default;
  // Fixed for the life of the edge. Names are without the edge's own.
  virtual const std::vector<devices::DeviceInfo>& devices() const = 0;
  // What this device's sensors have to say now, appended in order; a sensor that has dropped out says
  // nothing, one that was busy may say more than one thing. A value that is not finite is no reading.
  virtual void sample(std::size_t device, std::vector<Sample>& samples) = 0;
  // What they show, as evidence of what an instruction did: none of it becomes a reading, and nothing that a
  // sensor has gathered is taken from it.
  virtual void look(std::size_t device, std::vector<Sample>& samples) { sample(device, samples); }
  // As Plant::actuate.
  virtual Status actuate(std::size_t device, std::string_view actuator, double value) = 0;
};

}  // namespace lockstep::edge
