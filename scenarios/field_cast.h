// The edges of a scenario and its cloud, as actors on a simulated stage.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/env/actor.h"
#include "edge/driver.h"
#include "hub/cloud/cloud_process.h"
#include "scenarios/plant_yard.h"
#include "scenarios/scenario.h"

namespace lockstep::scenarios {

class FieldCast {
 public:
  // The scenario, which has a field, outlives this. `now`: since the run began.
  FieldCast(const Scenario& scenario, const Roster& roster, std::uint64_t seed,
            std::function<Duration()> now);
  ~FieldCast();

  PlantYard& yard() { return yard_; }
  const PlantYard& yard() const { return yard_; }
  // One life of an edge or of the cloud.
  std::unique_ptr<env::Actor> make(NodeId who, const env::Env& env);
  // The time of this dispatch of the list has come; `is_alive`: the cloud, who is told at its next start
  // otherwise.
  void dispatch(std::size_t place, bool is_alive);

 private:
  class YardDriver;

  std::unique_ptr<env::Actor> make_edge(NodeId edge, const env::Env& env);
  std::unique_ptr<env::Actor> make_cloud(const env::Env& env);
  // Of the package that the dispatch at this place of the list makes active.
  PackageName name(std::size_t place) const;
  cloud::Dispatch order(std::size_t place) const;

  const Scenario& scenario_;
  std::vector<NodeId> hubs_;
  std::uint64_t seed_;
  PlantYard yard_;
  std::map<NodeId, std::unique_ptr<YardDriver>> drivers_;
  // Who works the cloud remembers what has been ordered and is not settled; the cloud itself forgets it when
  // it dies.
  std::set<std::size_t> ordered_;
  cloud::CloudProcess* cloud_ = nullptr;  // the present life, owned by the stage
};

}  // namespace lockstep::scenarios
