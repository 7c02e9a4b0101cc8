// A bank in one SQL table: transfers as transactions of two updates, reads of all accounts.
#pragma once

#include <vector>

#include "scenarios/read_write_client.h"

namespace lockstep::scenarios {

class BankClient final : public ReadWriteClient {
 public:
  BankClient(const env::Env& env, client::Config config, const BankWorkload& workload, Place place,
             RunBook& book);

  // `position`: the workload's place in the scenario's list.
  static std::vector<std::string> schema(const BankWorkload& workload, std::size_t position);
  static std::vector<Read> last_reads(const BankWorkload& workload, std::size_t position);
  // How the history names the bank.
  static std::string key_name(std::size_t position) { return cat("bank/", position); }

 private:
  Demand next() override;
  Write transfer();

  BankWorkload workload_;
};

}  // namespace lockstep::scenarios
