// From workloads to actors.
#include "scenarios/cast.h"

#include <algorithm>

#include "scenarios/register_client.h"
#include "scenarios/verify_client.h"
#include "scenarios/versioned_writes_client.h"

namespace lockstep::scenarios {

Cast::Cast(const Scenario& scenario)
    : scenario_(scenario), roster_(scenario.cluster.nodes, client_count(scenario)) {
  for (std::size_t workload = 0; workload < scenario_.workload.size(); ++workload)
    for (std::uint32_t position = 0; position < client_count(scenario_.workload[workload]); ++position)
      places_.push_back({.workload = workload,
                         .position = position,
                         .number = static_cast<std::uint32_t>(places_.size() + 1)});
}

client::Config Cast::client_config(const env::Env& env) const {
  const Duration patience = scenario_.cluster.election_timeout * 2;
  return {.nodes = roster_.nodes(),
          .attempt_timeout =
              std::clamp<Duration>(patience, std::chrono::milliseconds(200), std::chrono::seconds(1)),
          .seed = env.seed};
}

std::unique_ptr<env::Actor> Cast::make(NodeId client, const env::Env& env) {
  const client::Config config = client_config(env);
  if (client == Roster::steward()) {
    auto process = std::make_unique<client::ClientProcess>(env, config);
    steward_ = process.get();
    return process;
  }
  const Place& place = places_.at(Roster::number(client) - 1);
  const Workload& kind = scenario_.workload[place.workload];
  if (const auto* registers = std::get_if<RegisterWorkload>(&kind))
    return std::make_unique<RegisterClient>(env, config, *registers, place, book_);
  if (const auto* writes = std::get_if<VersionedWrites>(&kind))
    return std::make_unique<VersionedWritesClient>(env, config, *writes, place, book_);
  return std::make_unique<VerifyClient>(env, config, std::get<Verify>(kind), written_tables(scenario_), place,
                                        book_);
}

std::vector<std::string> written_tables(const Scenario& scenario) {
  std::vector<std::string> all;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position)
    if (const auto* writes = std::get_if<VersionedWrites>(&scenario.workload[position]))
      for (std::string& table : VersionedWritesClient::tables(*writes, position))
        all.push_back(std::move(table));
  return all;
}

std::vector<std::string> schema_of(const Scenario& scenario) {
  std::vector<std::string> all;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position) {
    std::vector<std::string> statements;
    if (const auto* writes = std::get_if<VersionedWrites>(&scenario.workload[position]))
      statements = VersionedWritesClient::schema(*writes, position);
    if (std::holds_alternative<RegisterWorkload>(scenario.workload[position]))
      statements = RegisterClient::schema();
    for (std::string& statement : statements) all.push_back(std::move(statement));
  }
  return all;
}

}  // namespace lockstep::scenarios
