// The plants of a field: they live as long as the run, whatever becomes of the edges that watch them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/env/trace.h"
#include "edge/devices/plant.h"
#include "scenarios/field.h"
#include "scenarios/roster.h"

namespace lockstep::scenarios {

class PlantYard {
 public:
  PlantYard(const Field& field, const Roster& roster, std::uint64_t seed);

  const std::vector<std::unique_ptr<devices::Plant>>& of(NodeId edge) const { return plants_.at(edge); }
  // Tells the true state of every plant at this time since the run began, as events of the edge that has it.
  void tell(Duration now, const std::function<void(NodeId edge, const env::Event&)>& note) const;

 private:
  std::map<NodeId, std::vector<std::unique_ptr<devices::Plant>>> plants_;
};

}  // namespace lockstep::scenarios
