// At the end all replicas hold the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/verdict.h"

namespace lockstep::reports {

struct TableState {
  std::string table;
  std::uint64_t version = 0;
  std::uint64_t rows = 0;  // for people: a version is what is compared
};

struct ReplicaState {
  std::string replica;
  std::uint64_t applied_index = 0;
  std::uint64_t digest = 0;        // of the whole database
  std::vector<TableState> tables;  // in any order, each table once
};

// Every replica has the same applied index, the same digest, and the same tables with equal versions; fewer than two
// replicas: unknown. A replica that differs is named with the table and both values; the majority is taken as right.
Verdict check_convergence(const std::vector<ReplicaState>& replicas);

}  // namespace lockstep::reports
