// The end of every run: faults stop, a random quorum is healed and must serve, then all are and must agree.
//
// Random healing of everything would hide livelocks: in the first phase what is broken outside the quorum
// stays broken. All questions go through the client path.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/convergence.h"
#include "reports/durability.h"
#include "reports/verdict.h"
#include "scenarios/cast.h"
#include "scenarios/field_watch.h"
#include "scenarios/nemesis.h"
#include "scenarios/stage.h"

namespace lockstep::scenarios {

class EndPhase : private Observer {
 public:
  // `field`: of a scenario with a field, else none.
  EndPhase(Stage& stage, Cast& cast, Nemesis& nemesis, const FieldWatch* field, const Scenario& scenario,
           std::uint64_t seed)
      : stage_(stage),
        cast_(cast),
        nemesis_(nemesis),
        field_(field),
        scenario_(scenario),
        seed_(seed),
        within_(under_loss(scenario.network, scenario.finally.converge_within)) {}

  // Both phases, then final reads on every node.
  void run();

  reports::Verdict liveness() const;
  reports::Verdict convergence() const;
  // What the nodes said last that answered and are not lost, with the tables that were read on them.
  std::vector<reports::ReplicaState> replicas() const;
  // At the end no majority has a sound storage, and what is healed does not serve or is no majority any more, as
  // may be under the budget `unlimited`: nodes that are left need not hold all that was acknowledged, nor the same.
  bool has_stopped() const;
  // Whether the field, if there is one, came to rest in time.
  bool field_rested() const { return field_rested_; }
  // What each node holds of one table of versioned writes; empty before run(), or where a node did not
  // answer.
  std::vector<reports::FinalContents> contents(const std::string& table) const;
  // GetVersion of a table on each node that answered.
  struct FinalVersion {
    NodeId node;
    std::string table;
    std::uint64_t version = 0;
    std::uint64_t rows = 0;
  };
  const std::vector<FinalVersion>& versions() const { return versions_; }

 private:
  struct NodeTable {
    NodeId node;
    std::string table;
    std::vector<std::string> ids;
  };

  void on_event(const Observation&) override { has_applied_ = true; }
  std::vector<NodeId> draw_quorum() const;
  void phase(const std::string& name, const std::vector<NodeId>& healed, wire::WriteMode mode);
  std::optional<std::uint64_t> serve(Duration deadline, wire::WriteMode mode);
  bool await_applied(const std::vector<NodeId>& nodes, std::uint64_t index, Duration deadline);
  void await_rest();
  void await_field();
  bool may_stop() const;
  std::string who_is_damaged() const;
  std::string why_not_compared(NodeId node) const;
  std::vector<NodeId> present() const;
  std::vector<wire::StatusReply> compared() const;
  bool stand_together(std::size_t nodes) const;
  void ask_statuses(const std::vector<NodeId>& nodes);
  void compare_nodes();
  void read_tables();
  void make_last_reads();
  client::Completion await(const std::function<void(client::ClientProcess::Then)>& call);

  Stage& stage_;
  Cast& cast_;
  Nemesis& nemesis_;
  const FieldWatch* field_;
  const Scenario& scenario_;
  std::uint64_t seed_;
  Duration within_;  // of each phase
  std::int64_t next_probe_ = 0;
  bool field_rested_ = true;
  bool has_stopped_ = false;         // in the last phase
  bool has_applied_ = false;         // any node, any entry, since it was last cleared
  std::vector<std::string> broken_;  // sentences: what did not come back in time
  std::vector<std::string> excused_;  // sentences: what was not owed, and why
  std::size_t phases_ = 0;            // that had to come to something
  std::vector<wire::StatusReply> statuses_;
  std::vector<NodeTable> contents_;
  std::vector<FinalVersion> versions_;
};

}  // namespace lockstep::scenarios
