// The one list of event oracles.
#include "scenarios/oracles.h"

#include "base/check.h"
#include "scenarios/oracles_field.h"
#include "scenarios/oracles_log.h"
#include "scenarios/oracles_node.h"
#include "scenarios/oracles_state.h"

namespace lockstep::scenarios {

std::vector<std::unique_ptr<Oracle>> make_oracles(const OracleContext& context) {
  const std::size_t voters = context.voters;
  CHECK(voters > 0, "a cluster without voters");
  std::vector<std::unique_ptr<Oracle>> oracles;
  if (!context.is_replicated) {
    oracles.push_back(std::make_unique<AppliedStays>());
    oracles.push_back(std::make_unique<ExactlyOnce>());
    return oracles;
  }
  oracles.push_back(std::make_unique<ElectionSafety>(voters));
  oracles.push_back(std::make_unique<LeaderAppendOnly>());
  oracles.push_back(std::make_unique<LogMatching>(voters));
  oracles.push_back(std::make_unique<LeaderCompleteness>());
  oracles.push_back(std::make_unique<StateMachineSafety>(voters));
  oracles.push_back(std::make_unique<ReplicaDigest>(voters));
  oracles.push_back(std::make_unique<Monotonic>());
  oracles.push_back(std::make_unique<CommittedStays>());
  oracles.push_back(std::make_unique<DurableStays>());
  oracles.push_back(std::make_unique<CommitHasQuorum>(voters));
  oracles.push_back(std::make_unique<PrefixOrder>(voters));
  oracles.push_back(std::make_unique<ExactlyOnce>());
  oracles.push_back(std::make_unique<PreparedDurable>(voters));
  oracles.push_back(std::make_unique<Transactions>());
  if (context.bad_packages) {
    oracles.push_back(std::make_unique<ReadingsOnce>());
    oracles.push_back(std::make_unique<ExecutedOnce>());
    oracles.push_back(std::make_unique<InputsCommitted>());
    oracles.push_back(std::make_unique<OneVersion>(*context.bad_packages));
    oracles.push_back(std::make_unique<SlotsWhole>(*context.bad_packages));
  }
  return oracles;
}

}  // namespace lockstep::scenarios
