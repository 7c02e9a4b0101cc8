// Everything in a report is known already: it costs one message.
#include "hub/reports.h"

namespace lockstep::hub {
namespace {

constexpr std::uint64_t kBlocksInReply = 64;

}  // namespace

void Reports::on_lead() {
  refused_ = failed_ = {};
  next_ = surroundings_.now();
}

void Reports::act(Instant now, bool leads) {
  if (!leads || now < next_) return;
  next_ = now + surroundings_.config.report_interval;
  if (!about_.edges.clouds().empty()) send();
}

void Reports::send() {
  wire::FieldMessage message;
  *message.mutable_report() = report();
  for (const NodeId cloud : about_.edges.clouds()) surroundings_.send(cloud, message);
}

wire::StatusReport Reports::report() const {
  wire::StatusReport report;
  report.set_leader(surroundings_.env.self.value());
  report.set_term(term_.value());
  report.set_applied(applied_.value());
  for (const auto& [kind, active] : about_.catalogue.all_active()) {
    wire::PackageStatus& status = *report.add_active();
    status = about_.packages.status({kind, active.row.version});
    if (const std::string& damage = about_.in_force.damage(kind); !damage.empty()) status.set_reason(damage);
  }
  describe_edges(report);
  describe_instructions(report);
  report.set_refused(refused_.count);
  report.set_last_refusal(refused_.last);
  report.set_failed_statements(failed_.count);
  report.set_last_failure(failed_.last);
  return report;
}

// Of those that have ended without an outcome, and those that somebody has deleted, nobody can say it.
void Reports::describe_instructions(wire::StatusReport& report) const {
  const TotalsRow& totals = about_.totals.row();
  report.set_instructions(totals.decided);
  report.set_done(totals.done);
  report.set_missed(totals.missed);
  wire::StatusReport::Outcomes& outcomes = *report.mutable_outcomes();
  outcomes.set_failed(totals.failed);
  outcomes.set_expired(totals.expired);
  outcomes.set_cancelled(totals.cancelled);
  outcomes.set_refused(totals.refused);
  outcomes.set_interrupted(totals.interrupted);
  outcomes.set_open(about_.instructions.open());
  const std::uint64_t known = totals.with_an_outcome() + outcomes.open();
  outcomes.set_unknown(totals.decided > known ? totals.decided - known : 0);
}

void Reports::describe_edges(wire::StatusReport& report) const {
  const auto open_instructions = about_.instructions.open_by_edge();
  for (const auto& [name, edge] : about_.edges.edges()) {
    wire::StatusReport::Edge& told = *report.add_edges();
    told.set_name(name);
    const Edges::Presence presence = about_.edges.presence(edge.node);
    told.set_connected(presence == Edges::Presence::kConnected);
    told.set_not_heard_yet(presence == Edges::Presence::kNotHeardYet);
    told.set_seen_ns(about_.edges.seen_ns(edge));
    told.set_settings_version(edge.settings_version);
    told.set_refused_settings(edge.refused_settings);
    told.set_refusal(edge.refusal);
    const auto open = open_instructions.find(name);
    told.set_open_instructions(open == open_instructions.end() ? 0 : open->second);
    const auto& streams = about_.intake.streams();
    for (auto one = streams.lower_bound({edge.node}); one != streams.end() && one->first.edge == edge.node; ++one) {
      told.set_readings(told.readings() + one->second.readings);
      told.set_dropped(told.dropped() + one->second.dropped);
    }
  }
}

void Reports::on_telemetry(NodeId from, const wire::TelemetryRequest& request) {
  surroundings_.database.query(
      statement("SELECT points FROM series_blocks WHERE series = ?1 AND first_ns <= ?3 AND last_ns >= ?2 "
                "ORDER BY last_ns LIMIT ?4",
                request.series(), request.from_ns(), request.to_ns(), kBlocksInReply),
      wire::LOCAL, [this, from, series = request.series()](const Read& read) {
        if (!read.ok()) return;
        wire::FieldMessage message;
        wire::TelemetryReply& reply = *message.mutable_telemetry_reply();
        reply.set_series(series);
        for (const wire::Row& row : read.reply.rows().rows()) reply.add_blocks(row.values(0).blob());
        reply.set_more(reply.blocks_size() == static_cast<int>(kBlocksInReply));
        surroundings_.send(from, message);
      });
}

}  // namespace lockstep::hub
