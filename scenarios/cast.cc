// From workloads to actors.
#include "scenarios/cast.h"

#include <algorithm>

#include "scenarios/bank_client.h"
#include "scenarios/counter_client.h"
#include "scenarios/list_append_client.h"
#include "scenarios/mixed_sql_client.h"
#include "scenarios/register_client.h"
#include "scenarios/set_client.h"
#include "scenarios/slow_read_client.h"
#include "scenarios/verify_client.h"
#include "scenarios/versioned_writes_client.h"

namespace lockstep::scenarios {
namespace {

// Who carries out a kind of workload. Beside its constructor, each has schema(workload, position), the
// statements that create what it needs, and last_reads(workload, position).
template <class Kind>
struct ClientOf;
template <>
struct ClientOf<RegisterWorkload> {
  using Type = RegisterClient;
};
template <>
struct ClientOf<VersionedWrites> {
  using Type = VersionedWritesClient;
};
template <>
struct ClientOf<BankWorkload> {
  using Type = BankClient;
};
template <>
struct ClientOf<SetWorkload> {
  using Type = SetClient;
};
template <>
struct ClientOf<CounterWorkload> {
  using Type = CounterClient;
};
template <>
struct ClientOf<ListAppendWorkload> {
  using Type = ListAppendClient;
};
template <>
struct ClientOf<MixedSqlWorkload> {
  using Type = MixedSqlClient;
};
template <>
struct ClientOf<SlowReadWorkload> {
  using Type = SlowReadClient;
};

}  // namespace

Roster roster_of(const Scenario& scenario) {
  if (!scenario.field) return {scenario.cluster.nodes, client_count(scenario)};
  return {scenario.cluster.nodes, client_count(scenario), scenario.field->edges};
}

Cast::Cast(const Scenario& scenario) : scenario_(scenario), roster_(roster_of(scenario)) {
  for (std::size_t workload = 0; workload < scenario_.workload.size(); ++workload)
    for (std::uint32_t position = 0; position < client_count(scenario_.workload[workload]); ++position)
      places_.push_back({.workload = workload,
                         .position = position,
                         .number = static_cast<std::uint32_t>(places_.size() + 1)});
}

client::Config Cast::client_config(const env::Env& env) const {
  const Duration patience = scenario_.cluster.consensus.election_timeout * 2;
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
  return std::visit(
      [&]<class Kind>(const Kind& workload) -> std::unique_ptr<env::Actor> {
        if constexpr (std::is_same_v<Kind, Verify>) {
          return std::make_unique<VerifyClient>(env, config, workload, written_tables(scenario_), place,
                                                book_);
        } else {
          return std::make_unique<typename ClientOf<Kind>::Type>(env, config, workload, place, book_);
        }
      },
      scenario_.workload[place.workload]);
}

std::vector<std::string> written_tables(const Scenario& scenario) {
  std::vector<std::string> all;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position)
    if (const auto* writes = std::get_if<VersionedWrites>(&scenario.workload[position]))
      for (std::string& table : VersionedWritesClient::tables(*writes, position))
        all.push_back(std::move(table));
  return all;
}

namespace {

void append_schema(std::vector<std::string>&, const Verify&, std::size_t) {}
template <class Kind>
void append_schema(std::vector<std::string>& out, const Kind& workload, std::size_t position) {
  for (std::string& statement : ClientOf<Kind>::Type::schema(workload, position))
    out.push_back(std::move(statement));
}

// The end phase reads the tables of versioned writes in its own way, on each node.
void append_last_reads(std::vector<Read>&, const Verify&, std::size_t, RunBook&) {}
void append_last_reads(std::vector<Read>&, const VersionedWrites&, std::size_t, RunBook&) {}
void append_last_reads(std::vector<Read>& out, const ListAppendWorkload& workload, std::size_t position,
                       RunBook& book) {
  for (Read& read : ListAppendClient::last_reads(workload, position, book.begun(position)))
    out.push_back(std::move(read));
}
template <class Kind>
void append_last_reads(std::vector<Read>& out, const Kind& workload, std::size_t position, RunBook&) {
  for (Read& read : ClientOf<Kind>::Type::last_reads(workload, position)) out.push_back(std::move(read));
}

}  // namespace

std::vector<std::string> schema_of(const Scenario& scenario) {
  std::vector<std::string> all;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position)
    std::visit([&](const auto& workload) { append_schema(all, workload, position); },
               scenario.workload[position]);
  return all;
}

std::vector<Read> last_reads_of(const Scenario& scenario, RunBook& book) {
  std::vector<Read> all;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position)
    std::visit([&](const auto& workload) { append_last_reads(all, workload, position, book); },
               scenario.workload[position]);
  return all;
}

}  // namespace lockstep::scenarios
