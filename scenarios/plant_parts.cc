// What a plant has is said by the plant alone.
#include "scenarios/plant_parts.h"

#include "base/check.h"
#include "base/text.h"

namespace lockstep::scenarios {

std::string device_name(const Field& field, std::size_t place) {
  return cat(to_string(field.devices[place]), place + 1);
}

std::vector<std::string> part_names(const devices::DeviceInfo& info, devices::PlantFault fault) {
  std::vector<std::string> names;
  if (devices::is_of_sensor(fault)) {
    for (const devices::SignalInfo& signal : info.signals) names.push_back(signal.name);
  } else {
    for (const devices::ActuatorInfo& actuator : info.actuators) names.push_back(actuator.name);
  }
  return names;
}

std::vector<std::string> part_names(DeviceKind kind, devices::PlantFault fault) {
  const auto plant = devices::make_plant(to_string(kind), "", 0);
  CHECK(plant.has_value(), to_string(kind));
  return part_names((*plant)->info(), fault);
}

}  // namespace lockstep::scenarios
