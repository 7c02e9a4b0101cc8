// Proofs in words: who is who, and why each comes before the next.
#pragma once

#include <string>
#include <vector>

#include "reports/transactions/cycles.h"
#include "reports/transactions/transactions.h"

namespace lockstep::transactions {

// The transactions of one proof under short names, in the order in which they were named.
class Cast {
 public:
  explicit Cast(const Transactions& all, std::uint32_t initial = kNone) : all_(all), initial_(initial) {}

  std::string name(std::uint32_t transaction);  // "T1"
  // Who the names are, then the reasons; the last contradicts those before.
  std::vector<std::string> proof(std::vector<std::string> reasons) const;

 private:
  const Transactions& all_;
  std::uint32_t initial_;  // a vertex that stands for the initial state
  std::vector<std::uint32_t> members_;
};

std::vector<std::string> prove(const Transactions& all, const NamedCycle& found);

}  // namespace lockstep::transactions
