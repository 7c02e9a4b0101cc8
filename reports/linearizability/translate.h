// From the operations of a history to the calls of a search, one set of calls per independent object.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "reports/history.h"
#include "reports/linearizability/check.h"
#include "reports/linearizability/models.h"
#include "reports/linearizability/windows.h"

namespace lockstep::linearizability {

struct Object {
  reports::Value key;
  std::vector<Call> calls;
};

template <class Model>
struct Problem {
  Model model;
  std::uint32_t initial = 0;
  std::vector<Object> objects;  // in the order in which the history names them
};

Result<Problem<RegisterModel>> translate_registers(const reports::History& history, const ModelOptions& options);
Result<Problem<AppendModel>> translate_texts(const reports::History& history, const ModelOptions& options);
Result<Problem<LockModel>> translate_locks(const reports::History& history, const ModelOptions& options);
// All registers are one object, since a transaction may touch any of them.
Result<Problem<MultiModel>> translate_transactions(const reports::History& history, const ModelOptions& options);

}  // namespace lockstep::linearizability
