// A set in one SQL table that would take an element twice: elements are added once each, reads see all.
#pragma once

#include <vector>

#include "scenarios/read_write_client.h"

namespace lockstep::scenarios {

class SetClient final : public ReadWriteClient {
 public:
  SetClient(const env::Env& env, client::Config config, const SetWorkload& workload, Place place,
            RunBook& book);

  static std::vector<std::string> schema(const SetWorkload& workload, std::size_t position);
  static std::vector<Read> last_reads(const SetWorkload& workload, std::size_t position);
  static std::string key_name(std::size_t position) { return cat("set/", position); }

 private:
  Demand next() override;

  SetWorkload workload_;
};

}  // namespace lockstep::scenarios
