// The clients of a scenario, as actors for any world: those of its workloads, and the runner's own, the
// steward.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/client/client_process.h"
#include "scenarios/read_write_client.h"
#include "scenarios/roster.h"
#include "scenarios/run_book.h"
#include "scenarios/scenario.h"

namespace lockstep::scenarios {

// Whom a scenario names.
Roster roster_of(const Scenario& scenario);

// Outlives the stage on which its actors live. The scenario outlives the cast.
class Cast {
 public:
  explicit Cast(const Scenario& scenario);

  const Roster& roster() const { return roster_; }
  RunBook& book() { return book_; }
  // Once the stage is open.
  client::ClientProcess& steward() { return *steward_; }

  // One life of a client, or of the steward.
  std::unique_ptr<env::Actor> make(NodeId client, const env::Env& env);

 private:
  client::Config client_config(const env::Env& env) const;

  const Scenario& scenario_;
  Roster roster_;
  RunBook book_;
  std::vector<Place> places_;                 // of the client at its number - 1
  client::ClientProcess* steward_ = nullptr;  // owned by the stage
};

// The statements that create what the workloads need, in order.
std::vector<std::string> schema_of(const Scenario& scenario);
// What the end phase asks every node for, linearizably, once all are healed.
std::vector<Read> last_reads_of(const Scenario& scenario, RunBook& book);
// The tables of all versioned_writes workloads.
std::vector<std::string> written_tables(const Scenario& scenario);

}  // namespace lockstep::scenarios
