// Inserts of unique values; each acknowledged one must be found, and versions must agree with what was written.
#pragma once

#include <map>
#include <vector>

#include "scenarios/workload_client.h"

namespace lockstep::scenarios {

class VersionedWritesClient final : public WorkloadClient {
 public:
  VersionedWritesClient(const env::Env& env, client::Config config, const VersionedWrites& workload, Place place,
                        RunBook& book);

  static std::vector<std::string> schema(const VersionedWrites& workload, std::size_t position);
  // The tables of the workload at this place in the scenario's list.
  static std::vector<std::string> tables(const VersionedWrites& workload, std::size_t position);

 private:
  enum class Kind { kAdd, kContents, kVersion };

  client::CallId begin() override;
  client::CallId begin_add();
  client::CallId begin_read();
  wire::Statement insert(const std::string& table, std::int64_t id) const;
  wire::Statement breaking_insert(const std::string& table, std::int64_t id);
  void end(const client::Completion& done) override;

  VersionedWrites workload_;
  std::vector<std::string> tables_;
  std::map<client::CallId, Kind> kinds_;  // of the calls that run
};

// The ids in a table, in order; f is "read" (linearizable) or "local-read" in histories.
wire::Statement select_contents(const std::string& table);
reports::Value contents_of(const wire::Rows& rows);

}  // namespace lockstep::scenarios
