// The field of a real run: how its edges are started, its plants, and what its cloud is told.
//
// Edges are processes. Plants are records on disk (plant_record.h), which an edge carries on from life to
// life. The cloud is an actor in the runner, as clients are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/host.h"
#include "scenarios/field_cast.h"
#include "scenarios/scenario.h"

namespace lockstep::real {

class RealField {
 public:
  // Scenario, which has a field, and roster outlive this. `directory`: of the run, where records are put.
  RealField(const scenarios::Scenario& scenario, const scenarios::Roster& roster, std::uint64_t seed,
            std::string directory);

  // The plants begin. Once, before an edge is started.
  Status begin(Instant at) const;
  // With which `lockstep` is this edge. `hub`: the addresses of its nodes, as for --hub.
  std::vector<std::string> arguments(NodeId edge, const std::string& hub) const;

  // A life of the cloud.
  std::unique_ptr<env::Actor> make_cloud(const env::Env& env) {
    return cast_.make(scenarios::Roster::cloud(), env);
  }
  // The time of this dispatch of the list has come. `cloud` none: it is dead, and is told in its next life.
  void dispatch(std::size_t place, net::Host* cloud);

  // When no edge runs any more: the course of all plants since they began, as events of their edges.
  using Note = std::function<void(Duration at, NodeId edge, const env::Event&)>;
  Status tell_plants(const Note& note) const;

 private:
  std::string record_of(NodeId edge) const;

  const scenarios::Scenario& scenario_;
  const scenarios::Roster& roster_;
  std::uint64_t seed_;
  std::string directory_;
  scenarios::FieldCast cast_;
};

}  // namespace lockstep::real
