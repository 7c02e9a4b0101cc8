// What a hub has recorded of its devices, read from its tables.
#pragma once

#include <string>
#include <vector>

#include "cli/connect.h"
#include "scenarios/training/identification.h"

namespace lockstep::cli {

struct DeviceTrack {
  std::string device;  // "<edge>/<device>"
  training::Track track;
};

// Of every device of these kinds: its readings of the last `span` before its newest one, and the commands
// that were carried out. kUnavailable: no answer; kNotFound: the hub knows no such device.
Result<std::vector<DeviceTrack>> read_telemetry(const ConnectArguments& connect_with,
                                                const std::vector<std::string>& kinds, Duration span);

}  // namespace lockstep::cli
