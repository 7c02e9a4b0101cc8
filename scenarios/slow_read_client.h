// Long reads of a table whose rows all change together, in two statements of one transaction.
#pragma once

#include <vector>

#include "scenarios/read_write_client.h"

namespace lockstep::scenarios {

class SlowReadClient final : public ReadWriteClient {
 public:
  SlowReadClient(const env::Env& env, client::Config config, const SlowReadWorkload& workload, Place place,
                 RunBook& book);

  static std::vector<std::string> schema(const SlowReadWorkload& workload, std::size_t position);
  static std::vector<Read> last_reads(const SlowReadWorkload& workload, std::size_t position);
  // In the history, a counter of how often the rows have changed; an answer that saw two moments is a text.
  static std::string key_name(std::size_t position) { return cat("slow/", position); }

 private:
  Demand next() override;

  SlowReadWorkload workload_;
};

}  // namespace lockstep::scenarios
