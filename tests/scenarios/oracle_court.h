// A court for tests: tells events of a made-up cluster to all oracles and keeps what they say.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "core/raft/types.h"
#include "core/replica/events.h"
#include "core/service/events.h"
#include "scenarios/oracles.h"
#include "sim/events.h"

namespace lockstep::scenarios {

class OracleCourt {
 public:
  explicit OracleCourt(std::size_t voters, bool is_replicated = true)
      : OracleCourt(OracleContext{.voters = voters, .is_replicated = is_replicated}) {}
  explicit OracleCourt(const OracleContext& context) : oracles_(make_oracles(context)) {
    for (const auto& oracle : oracles_)
      for (const env::EventType* type : oracle->listens_to()) listeners_[type->number].push_back(oracle.get());
  }

  void tell(std::uint64_t node, const env::Event& event) {
    if (incarnations_.size() <= node) incarnations_.resize(node + 1, 1);
    if (event.type->number == replica::kRecovered.number) ++incarnations_[node];
    const Observation observation{.order = order_,
                                  .at = Duration(static_cast<std::int64_t>(order_)),
                                  .node = NodeId(node),
                                  .incarnation = Incarnation(incarnations_[node]),
                                  .event = event};
    ++order_;
    for (Oracle* oracle : listeners_[event.type->number]) oracle->on_event(observation);
  }

  const Oracle& oracle(std::string_view name) const {
    const auto found = std::ranges::find(oracles_, name, [](const auto& oracle) { return oracle->name(); });
    CHECK(found != oracles_.end(), "no oracle ", name);
    return **found;
  }
  // The first sentence of that oracle; empty: it has nothing to say.
  std::string sentence(std::string_view name) const {
    const auto& violations = oracle(name).violations();
    return violations.empty() ? std::string() : violations.front().sentence;
  }
  // All first sentences, with the names; empty: nobody complains.
  std::string verdict() const {
    std::string out;
    for (const auto& oracle : oracles_)
      if (oracle->violated()) out += cat(oracle->name(), ": ", oracle->violations().front().sentence, "\n");
    return out;
  }
  const std::vector<std::unique_ptr<Oracle>>& oracles() const { return oracles_; }
  std::uint64_t events() const { return order_; }

  // ---- the words of a story; all of group 1 ----
  void durable(std::uint64_t node, std::uint64_t index, std::uint64_t term, std::uint64_t hash) {
    tell(node, {replica::kEntryDurable, {1, index, term, hash}});
  }
  // The same entry wherever index and term are the same.
  void durable(std::uint64_t node, std::uint64_t index, std::uint64_t term) {
    durable(node, index, term, index * 1000 + term);
  }
  void applied(std::uint64_t node, std::uint64_t index, std::uint64_t term, std::uint64_t digest = 7,
               std::uint64_t result = 9) {
    tell(node, {replica::kEntryApplied, {1, index, term, index * 1000 + term, digest, result}});
  }
  void leads(std::uint64_t node, std::uint64_t term) {
    tell(node, {replica::kRoleChanged, {1, static_cast<std::uint64_t>(raft::Role::kLeader), term, node}});
  }
  void follows(std::uint64_t node, std::uint64_t term, std::uint64_t leader = 0) {
    tell(node, {replica::kRoleChanged, {1, static_cast<std::uint64_t>(raft::Role::kFollower), term, leader}});
  }
  void voted(std::uint64_t node, std::uint64_t term, std::uint64_t vote) {
    tell(node, {replica::kHardStateDurable, {1, term, vote}});
  }
  void committed(std::uint64_t node, std::uint64_t commit, std::uint64_t term) {
    tell(node, {replica::kCommitAdvanced, {1, commit, term}});
  }
  // Ordered in the newest of terms, if not said.
  void cut(std::uint64_t node, std::uint64_t from, raft::Role role = raft::Role::kFollower,
           std::uint64_t term = 1'000'000) {
    tell(node, {replica::kLogTruncated, {1, from, static_cast<std::uint64_t>(role), term}});
  }
  struct Restart {
    std::uint64_t first = 1;
    std::uint64_t last = 0;
    std::uint64_t commit = 0;
    std::uint64_t applied = 0;
    std::uint64_t term = 0;
  };
  void recovered(std::uint64_t node, const Restart& what) {
    tell(node, {replica::kRecovered, {1, what.first, what.last, what.commit, what.applied, what.term}});
  }
  void dropped(std::uint64_t node, std::uint64_t first, std::uint64_t database, std::uint64_t everywhere) {
    tell(node, {replica::kPrefixDropped, {1, first, database, everywhere}});
  }
  void executed(std::uint64_t node, std::uint64_t index, std::uint64_t session, std::uint64_t sequence) {
    tell(node, {replica::kWriteExecuted, {1, index, session, sequence, 1}});
  }
  void prepared(std::uint64_t node, std::uint64_t transaction) {
    tell(node, {replica::kTransactionPrepared, {1, transaction}});
  }
  void transaction_durable(std::uint64_t node, std::uint64_t transaction, bool strong) {
    tell(node, {service::kTransactionDurable, {transaction, strong ? 1u : 0u}});
  }
  void decided(std::uint64_t node, std::uint64_t transaction, std::uint64_t index, bool commit) {
    tell(node, {replica::kTransactionDecided, {1, transaction, index, commit ? 1u : 0u}});
  }

  // Leader n1 of term 1 of three nodes: entries 1 to `last` durable on n1 and n2, committed and applied on both; on n3
  // durable only.
  void replicate(std::uint64_t last) {
    leads(1, 1);
    for (std::uint64_t index = 1; index <= last; ++index) {
      for (std::uint64_t node = 1; node <= 3; ++node) durable(node, index, 1);
      committed(1, index, 1);
      committed(2, index, 1);
      applied(1, index, 1);
      applied(2, index, 1);
    }
  }

 private:
  std::vector<std::unique_ptr<Oracle>> oracles_;
  std::vector<std::vector<Oracle*>> listeners_ = std::vector<std::vector<Oracle*>>(1024);
  std::vector<std::uint64_t> incarnations_;
  std::uint64_t order_ = 0;
};

}  // namespace lockstep::scenarios
