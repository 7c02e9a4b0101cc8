// What the cloud is told: the state of things now and then, telemetry on demand.
#pragma once

#include "hub/catalogue.h"
#include "hub/edges.h"
#include "hub/in_force.h"
#include "hub/instructions.h"
#include "hub/intake.h"
#include "hub/packages.h"
#include "hub/part.h"
#include "hub/totals.h"

namespace lockstep::hub {

// What reports are about; all of it outlives them.
struct Reported {
  const Edges& edges;
  const Intake& intake;
  const Totals& totals;
  const Instructions& instructions;
  const Packages& packages;
  const Catalogue& catalogue;
  const InForce& in_force;
};

class Reports final : public Part {
 public:
  Reports(const Surroundings& surroundings, const Reported& about)
      : surroundings_(surroundings), about_(about) {}

  // On the leader: what the cloud is told now and then.
  wire::StatusReport report() const;
  void on_telemetry(NodeId from, const wire::TelemetryRequest& request);

  // A message of the field was not taken.
  void count_refused(BytesView reason) { refused_.add(reason); }
  // A statement of the hub failed.
  void count_failed(BytesView words) { failed_.add(words); }

  void set_term(Term term) { term_ = term; }
  // The newest entry that changed any row.
  void set_applied(LogIndex applied) { applied_ = applied; }
  void on_lead() override;
  void on_follow() override { next_ = kNever; }
  void act(Instant now, bool leads) override;
  Instant deadline() const override { return next_; }

 private:
  // Of one kind, since this node leads.
  struct Mishaps {
    std::uint64_t count = 0;
    Bytes last;
    void add(BytesView words) {
      ++count;
      last = words;
    }
  };

  void send();
  void describe_instructions(wire::StatusReport& report) const;
  void describe_edges(wire::StatusReport& report) const;

  const Surroundings& surroundings_;
  Reported about_;
  Term term_;
  LogIndex applied_;
  Mishaps refused_, failed_;
  Instant next_ = kNever;
};

}  // namespace lockstep::hub
