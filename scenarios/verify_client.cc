// Each round is a fixed sequence of reads, spread evenly over its period.
#include "scenarios/verify_client.h"

namespace lockstep::scenarios {
namespace {

std::uint64_t reads_per_round(const Verify& workload, std::size_t tables, std::size_t nodes) {
  return workload.read_level == ReadLevel::kLocal ? tables * nodes : tables;
}

Load load_of(const Verify& workload, std::uint64_t reads) {
  Load load;
  load.clients = 1;
  load.pacing = Rate{.count = static_cast<std::uint32_t>(reads), .period = workload.every};
  load.start = workload.start;
  load.lasting = workload.every * workload.rounds;
  load.ops = reads * workload.rounds;
  load.timeout = workload.timeout;
  return load;
}

}  // namespace

VerifyClient::VerifyClient(const env::Env& env, client::Config config, const Verify& workload,
                           std::vector<std::string> tables, Place place, RunBook& book)
    : WorkloadClient(env, config, load_of(workload, reads_per_round(workload, tables.size(), config.nodes.size())),
                     place, book),
      local_(workload.read_level == ReadLevel::kLocal),
      tables_(std::move(tables)),
      nodes_(config.nodes) {}

client::CallId VerifyClient::begin() {
  const std::uint64_t turn = operation_number() - 1;
  const std::string& table = tables_[turn % tables_.size()];
  invoke(local_ ? "local-read" : "read", table, {});
  client::ReadOptions options;
  if (local_) options = {.level = wire::LOCAL, .at = nodes_[turn / tables_.size() % nodes_.size()]};
  return client().query(select_contents(table), options, now(), timeout());
}

void VerifyClient::end(const client::Completion& done) {
  const Ending ending = ending_of_read(done);
  reports::Value result;
  if (ending.completion == reports::Completion::kOk) result = contents_of(done.reply.query().rows());
  complete(ending, std::move(result));
}

}  // namespace lockstep::scenarios
