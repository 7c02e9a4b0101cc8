// The list.
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {

std::span<const Target> targets() {
  static constexpr Target kTargets[] = {
      {"connection", connection},     {"raft_message", raft_message}, {"request", request},
      {"http_stream", http_stream},   {"http_json", http_json},       {"kv_segment", kv_segment},
      {"field_message", field_message}, {"hub_message", hub_message},
      {"sql_statements", sql_statements}, {"series_block", series_block},
      {"scenario", scenario},         {"history", history},           {"node_config", node_config},
      {"fault_orders", fault_orders}, {"edn", edn},                   {"transactions", transactions},
      {"safetensors", safetensors},   {"policy", policy},
  };
  return kTargets;
}

}  // namespace lockstep::fuzz
