// What a history is asked to satisfy: consistency models and sets of anomalies, by name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "reports/transactions/anomalies.h"

namespace lockstep::transactions {

struct Model {
  std::string name;
  Levels levels = 0;                   // all of them must hold ...
  Order order = Order::kNone;          // ... in this order
  std::vector<std::string> anomalies;  // and none of these may occur
  std::string promise;                 // what holds if it holds, in one sentence

  // How versions of registers follow each other; set by options.
  bool writes_follow_reads = true;
  bool session_keys = false;
  bool realtime_keys = false;
  bool exact = true;  // registers: search for an order of versions where none is known
  bool unwritten_values_allowed = false;
};

// Whether a name belongs here rather than to another family of checks.
bool is_model(std::string_view name);
// "serializable", "strong-session-snapshot-isolation", "anomalies:G1a", or several joined by "+". Options are
// those of docs/format/history.md, key=value or a key alone for key=true.
Result<Model> parse_model(std::string_view name, std::span<const std::string> options);

struct ModelName {
  std::string_view name;
  Levels level;
  std::string_view promise;
};
// From the weakest to the strongest; of each there are strong-session-NAME and strong-NAME beside it.
std::span<const ModelName> ladder();
std::span<const ModelName> session_guarantees();
// Names of the weakest models that `log` and what else is known rule out, e.g. "read-committed".
std::vector<std::string> weakest(const Levels (&ruled_out)[3]);

}  // namespace lockstep::transactions
