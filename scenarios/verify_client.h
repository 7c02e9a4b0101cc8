// Rounds without writes: the contents of every table of versioned writes, asked again and again.
#pragma once

#include <vector>

#include "scenarios/versioned_writes_client.h"

namespace lockstep::scenarios {

class VerifyClient final : public WorkloadClient {
 public:
  // `tables` and `nodes` are what there is to ask; at level local every node is asked for every table.
  VerifyClient(const env::Env& env, client::Config config, const Verify& workload, std::vector<std::string> tables,
               Place place, RunBook& book);

 private:
  client::CallId begin() override;
  void end(const client::Completion& done) override;

  bool local_;
  std::vector<std::string> tables_;
  std::vector<NodeId> nodes_;
};

}  // namespace lockstep::scenarios
