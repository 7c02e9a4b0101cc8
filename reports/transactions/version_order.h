// The order in which the versions of a register followed each other, as far as a history tells.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "reports/transactions/transactions.h"

namespace lockstep::transactions {

// Where an order of versions may come from. The initial state is always before everything, and the database's
// own log is believed where the history has it.
struct VersionSources {
  bool writes_follow_reads = true;  // in a transaction: what it read is older than what it then wrote
  bool session = false;             // a process never goes back to an older version of a key
  bool realtime = false;            // neither does the key itself: each key is linearizable
};

// A version, or the initial state of a key.
class VersionNode {
 public:
  static std::uint32_t initial(const Transactions& all, std::uint32_t key) {
    return static_cast<std::uint32_t>(all.versions.size()) + key;
  }
  static std::uint32_t of(const Transactions& all, std::uint32_t key, std::uint32_t version) {
    return version == kNone ? initial(all, key) : version;
  }
};

// Pairs (older, newer) of nodes of one key each. Only versions that others can see: the last of transactions
// that happened.
using VersionOrder = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// Logs `contradiction` (cyclic-versions, and what it rules out) for a key whose order contradicts itself, and
// leaves that key out.
VersionOrder infer_version_order(const Transactions& all, const VersionSources& sources,
                                 const Anomaly& contradiction, AnomalyLog& log);

// What a session does to a key, one after the other: for each pair of consecutive touches by one process
// calls `pair(key, older, older_is_write, newer, newer_is_write, transaction of the newer)`.
using TouchPair =
    std::function<void(std::uint32_t key, const Step& older, const Step& newer, std::uint32_t transaction)>;
void each_session_pair(const Transactions& all, const TouchPair& pair);

// Keys whose order has a cycle, once each, ascending.
std::vector<std::uint32_t> cyclic_keys(const Transactions& all, const VersionOrder& order);

}  // namespace lockstep::transactions
