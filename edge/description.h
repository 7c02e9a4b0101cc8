// What an edge says of itself: its devices as the hub knows them, and the names of its series.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/proto/field.pb.h"
#include "edge/devices/plant.h"

namespace lockstep::edge {

class Description {
 public:
  Description(std::string edge, const std::vector<devices::DeviceInfo>& devices);

  const std::string& edge() const { return edge_; }
  const std::vector<devices::DeviceInfo>& devices() const { return devices_; }
  // By the name that the hub uses, "<edge>/<device>".
  std::optional<std::size_t> find(std::string_view device) const;
  // "<edge>/<device>/<signal>"
  const std::string& series(std::size_t device, std::size_t signal) const { return series_[device][signal]; }
  void describe(wire::Hello& hello) const;
  // A sentence that says why the instruction cannot be for a device of this edge; empty: it can.
  std::string objection(const wire::Instruction& instruction) const;

 private:
  std::string edge_;
  std::vector<devices::DeviceInfo> devices_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> series_;
};

}  // namespace lockstep::edge
