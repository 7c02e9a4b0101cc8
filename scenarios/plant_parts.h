// The names of a field's devices and of their sensors and actuators, as faults have them.
#pragma once

#include <string>
#include <vector>

#include "edge/devices/plant.h"
#include "scenarios/field.h"

namespace lockstep::scenarios {

// Of the device at this place of the list: "tank1", as in the names of its series.
std::string device_name(const Field& field, std::size_t place);
// Of the parts that can have this fault: names of signals, or of actuators.
std::vector<std::string> part_names(const devices::DeviceInfo& info, devices::PlantFault fault);
// Of a device that is not there yet.
std::vector<std::string> part_names(DeviceKind kind, devices::PlantFault fault);

}  // namespace lockstep::scenarios
