// Transactions of appends to lists and reads of them, in the form that a checker of transactions judges.
#pragma once

#include <vector>

#include "scenarios/read_write_client.h"

namespace lockstep::scenarios {

class ListAppendClient final : public ReadWriteClient {
 public:
  ListAppendClient(const env::Env& env, client::Config config, const ListAppendWorkload& workload,
                   Place place, RunBook& book);

  static std::vector<std::string> schema(const ListAppendWorkload& workload, std::size_t position);
  // All lists in one transaction: of every key that was in use when so many of its operations had begun, also
  // if it has no row, for what was appended there may be lost.
  static std::vector<Read> last_reads(const ListAppendWorkload& workload, std::size_t position,
                                      std::uint64_t begun);

 private:
  // ["r",key,null] or ["append",key,element] of a history.
  struct MicroOperation {
    std::int64_t key = 0;
    std::int64_t element = 0;  // zero: a read
  };
  Demand next() override;
  Read query(const std::vector<MicroOperation>& operations) const;
  Write transaction(const std::vector<MicroOperation>& operations) const;

  ListAppendWorkload workload_;
};

}  // namespace lockstep::scenarios
