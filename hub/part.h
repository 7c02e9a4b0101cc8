// One concern of the hub: what it is told, and when it acts.
#pragma once

#include <string_view>

#include "base/env/actor.h"
#include "core/proto/field.pb.h"
#include "hub/hub_config.h"
#include "hub/local_database.h"
#include "storage/sql/database.h"

namespace lockstep::hub {

// What all parts share. Nothing here calls back synchronously.
struct Surroundings {
  const env::Env& env;
  const HubConfig& config;
  LocalDatabase& database;

  void send(NodeId to, const wire::FieldMessage& message) const {
    env.transport.send(to, Channel::kField, message.SerializeAsString());
  }
  Instant now() const { return env.clock.monotonic_now(); }
};

class Part {
 public:
  virtual ~Part() = default;
  // Rows of a followed table (see Follower), on every node. Only state may change here: the node is in the
  // middle of its own step, so requests wait for act().
  virtual void on_row(const sql::RowChange&) {}
  // All rows that this life found have been told.
  virtual void on_known() {}
  // This node leads, everything committed before is applied and known here, and the tables exist.
  virtual void on_lead() {}
  // It does so no more. What it has asked for may still happen.
  virtual void on_follow() {}
  // At the end of each turn; `leads`: between on_lead and on_follow.
  virtual void act(Instant /*now*/, bool /*leads*/) {}
  // When act() is to come though nothing happens; the hub asks while this node leads.
  virtual Instant deadline() const { return kNever; }
};

}  // namespace lockstep::hub
