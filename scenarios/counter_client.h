// Counters in one SQL table: increments, and reads of one counter at a time.
#pragma once

#include <vector>

#include "scenarios/read_write_client.h"

namespace lockstep::scenarios {

class CounterClient final : public ReadWriteClient {
 public:
  CounterClient(const env::Env& env, client::Config config, const CounterWorkload& workload, Place place,
                RunBook& book);

  static std::vector<std::string> schema(const CounterWorkload& workload, std::size_t position);
  static std::vector<Read> last_reads(const CounterWorkload& workload, std::size_t position);
  static std::string key_name(std::size_t position, std::uint64_t key) {
    return cat("counter/", position, "/", key);
  }

 private:
  Demand next() override;

  CounterWorkload workload_;
};

}  // namespace lockstep::scenarios
