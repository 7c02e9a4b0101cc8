// Counts what ought to happen somewhere in many runs and in most runs does not: the paths that only faults
// open.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "scenarios/stage.h"

namespace lockstep::scenarios {

class RareEvents final : public Observer {
 public:
  RareEvents();

  std::span<const env::EventType* const> listens_to() const;
  void on_event(const Observation& observation) override;

  // By name, zeros included.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  void on_role(const Observation& observation);
  void on_request(const Observation& observation);
  void on_aborted(std::uint64_t transaction);
  void on_reply(const Observation& observation);
  void on_field(const env::Event& event);
  void on_active(std::uint64_t index, std::uint64_t kind, std::uint64_t version);
  void on_ended(std::uint64_t outcome);

  std::map<std::string, std::uint64_t> counts_;
  std::set<NodeId> leading_;         // those who lead now, each in its term
  NodeId last_leader_;               // who was elected last; none: nobody yet
  std::set<std::uint64_t> aborted_;  // transactions, for every replica tells of each
  std::set<std::uint64_t> given_up_;  // strong ones that a leader wants to abort
  std::set<std::uint64_t> settled_;  // entries, likewise
  std::set<std::uint64_t> told_;                           // entries that made a package active or refused one
  std::map<std::uint64_t, std::uint64_t> highest_active_;  // version, by kind of package
  std::set<std::uint64_t> ended_;                          // instructions of which an edge has told the end
  std::set<std::uint64_t> missed_;                         // instructions whose deadline was missed
  // (client, call) of linearizable ones that no node has answered yet.
  std::set<std::pair<std::uint64_t, std::uint64_t>> queries_;
};

}  // namespace lockstep::scenarios
