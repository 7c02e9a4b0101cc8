// SQL that is hard to replicate, and reads that find out if a row says two things.
#pragma once

#include <vector>

#include "scenarios/read_write_client.h"

namespace lockstep::scenarios {

class MixedSqlClient final : public ReadWriteClient {
 public:
  MixedSqlClient(const env::Env& env, client::Config config, const MixedSqlWorkload& workload, Place place,
                 RunBook& book);

  static std::vector<std::string> schema(const MixedSqlWorkload& workload, std::size_t position);
  // In the history: the numbers of the rows; one that contradicts itself is a text.
  static std::vector<Read> last_reads(const MixedSqlWorkload& workload, std::size_t position);
  static std::string key_name(std::size_t position) { return cat("mixed/", position); }

 private:
  Demand next() override;
  std::vector<wire::Statement> insert(std::int64_t id);
  wire::Statement statement(std::string_view text, std::int64_t id) const;

  MixedSqlWorkload workload_;
};

}  // namespace lockstep::scenarios
