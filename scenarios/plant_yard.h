// The plants of a field: they live as long as the run, whatever becomes of the edges that watch them.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/env/trace.h"
#include "edge/devices/plant.h"
#include "scenarios/faults.h"
#include "scenarios/field.h"
#include "scenarios/roster.h"

namespace lockstep::scenarios {

class PlantYard {
 public:
  using Note = std::function<void(NodeId edge, const env::Event&)>;

  PlantYard(const Field& field, const Roster& roster, std::uint64_t seed);

  // Of the plant at this place of the edge's devices; `seed` is the run's.
  static std::uint64_t seed_of(NodeId edge, std::size_t place, std::uint64_t seed);
  const std::vector<std::unique_ptr<devices::Plant>>& of(NodeId edge) const { return plants_.at(edge); }
  // Tells the true state of every plant at this time since the run began, as events of the edge that has it.
  void tell(Duration now, const Note& note) const;

  // Breaks parts of this edge's plants, whatever its targets say; how many that were whole. Breakdowns of one
  // kind may overlap: a part is whole again when the last of them is repaired.
  std::size_t break_down(NodeId edge, const Breakdown& breakdown, Duration now, const Note& note);
  void repair(NodeId edge, const Breakdown& breakdown, Duration now, const Note& note);
  void repair_all(NodeId edge, Duration now, const Note& note);

 private:
  struct Part {
    NodeId edge;
    std::size_t device = 0, number = 0;
    devices::PlantFault fault{};
    auto operator<=>(const Part&) const = default;
  };

  std::vector<Part> parts_of(NodeId edge, const Breakdown& breakdown) const;
  void set(const Part& part, bool broken, Duration now, const Note& note);

  Field field_;
  std::map<Part, std::uint32_t> broken_;  // by how many breakdowns
  std::map<NodeId, std::vector<std::unique_ptr<devices::Plant>>> plants_;
};

}  // namespace lockstep::scenarios
