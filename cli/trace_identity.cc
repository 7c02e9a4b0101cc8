// Events are told to the recorder once more, as they were.
#include "cli/trace_identity.h"

#include <optional>

#include "base/text.h"
#include "scenarios/event_catalog.h"
#include "scenarios/roster.h"
#include "sim/events.h"

namespace lockstep::cli {
namespace {

std::optional<env::Event> known(const reports::TraceEvent& event) {
  const env::EventType* type = scenarios::find_event_type(std::string_view(event.kind));
  if (type == nullptr || type->field_count() != event.fields.size()) return std::nullopt;
  env::Event out(sim::kProcessStarted, {}, event.text);
  out.type = type;
  for (std::size_t field = 0; field < event.fields.size(); ++field) {
    if (type->fields[field] != event.fields[field].name) return std::nullopt;
    out.fields[field] = event.fields[field].value;
  }
  return out;
}

}  // namespace

void TraceIdentity::see(const reports::TraceEvent& event) {
  ++events_;
  if (!is_hashed_) return;
  const auto process = scenarios::Roster::named(event.node);
  const auto told = known(event);
  is_hashed_ = process && told;
  if (!is_hashed_) return;
  recorder_.record(sim::SimTime(Duration(event.time_ns)), *process, Incarnation(event.incarnation), *told);
}

Status TraceIdentity::belongs_to(const reports::Report& report, std::string_view file) const {
  constexpr std::string_view kSo = ": it is not the trace of this run";
  if (events_ != report.trace_events)
    return fail(ErrorCode::kInvalidArgument, cat(file, ": expected the ", report.trace_events,
                                                 " events that report.json counts, found ", events_, kSo));
  if (report.world == reports::World::kReal || !is_hashed_ || recorder_.hash() == report.trace_hash) return {};
  return fail(ErrorCode::kInvalidArgument,
              cat(file, ": expected events with the hash ", hex16(report.trace_hash), " of report.json, found ",
                  hex16(recorder_.hash()), kSo));
}

}  // namespace lockstep::cli
