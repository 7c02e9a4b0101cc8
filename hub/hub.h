// The hub of one node: follows the applied feed always, acts while its node leads.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/service/feed.h"
#include "hub/catalogue.h"
#include "hub/decisions.h"
#include "hub/edges.h"
#include "hub/follower.h"
#include "hub/in_force.h"
#include "hub/instructions.h"
#include "hub/intake.h"
#include "hub/packages.h"
#include "hub/part.h"
#include "hub/reports.h"
#include "hub/retention.h"
#include "hub/settings_forwarding.h"
#include "hub/totals.h"

namespace lockstep::hub {

class Hub final : public service::FeedSubscriber {
 public:
  // Keeps a copy of `env`; its ports and the database outlive the hub.
  Hub(const env::Env& env, HubConfig config, LocalDatabase& database);

  // A frame on Channel::kField. What does not parse is dropped.
  void on_field(NodeId from, BytesView payload);
  void act();
  Instant deadline() const;

  void on_recovered(const service::Recovered& recovered) override;
  void on_rows(std::span<const sql::RowChange> changes) override;
  void on_role(const raft::RoleChanged& change) override;

  bool leads() const { return leadership_ == Leadership::kLeads; }
  // Which edges it hears, and what it tells the cloud; none: it does not lead.
  std::optional<Edges::Presences> presences() const {
    return leads() ? std::optional(edges_.presences()) : std::nullopt;
  }
  std::optional<wire::StatusReport> report() const {
    return leads() ? std::optional(reports_.report()) : std::nullopt;
  }

 private:
  // From "this node was elected" to "and everything before is applied and known here, and there are tables".
  enum class Leadership : std::uint8_t { kNone, kElected, kConfirming, kConfirmed, kMakingTables, kLeads };

  void advance_leadership();
  void confirm();
  // 0: there are none.
  std::uint64_t version_of_tables() const { return tables_.empty() ? 0 : *tables_.rbegin(); }
  void make_tables();
  void hello(NodeId from, const wire::Hello& hello);
  void welcome(NodeId to);
  void ask_who(NodeId from);
  void refuse(NodeId from, std::string reason);
  void route(NodeId from, wire::FieldMessage& message);
  void on_row(const sql::RowChange& change);

  env::Env env_;
  HubConfig config_;
  LocalDatabase& database_;
  Surroundings surroundings_;
  Follower follower_;

  Leadership leadership_ = Leadership::kNone;
  Term term_;
  NodeId leader_;
  std::set<std::uint64_t> tables_;  // versions of the schema that they have had; the highest is in force
  bool known_ = false;              // the parts have been told of all rows that were there
  Instant again_ = kNever;

  Edges edges_;
  Intake intake_;
  Catalogue catalogue_;
  InForce in_force_;
  Totals totals_;
  Instructions instructions_;
  Decisions decisions_;
  Packages packages_;
  SettingsForwarding forwarding_;
  Reports reports_;
  Retention retention_;
  std::vector<Part*> parts_;  // all of them; who needs another comes after it
};

}  // namespace lockstep::hub
