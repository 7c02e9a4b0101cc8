// Events as JSON, without a JSON library: a trace has hundreds of thousands of them.
#include "cli/trace_file.h"

#include "base/text.h"
#include "reports/value.h"
#include "scenarios/roster.h"

namespace lockstep::cli {

void append_event(std::string& out, const scenarios::Observation& observation) {
  const env::Event& event = observation.event;
  append_text(out, R"({"order":)");
  append_text(out, observation.order);
  append_text(out, R"(,"time":)");
  append_text(out, observation.at.count());
  append_text(out, R"(,"node":")");
  append_text(out, scenarios::Roster::name(observation.node));
  append_text(out, R"(","incarnation":)");
  append_text(out, observation.incarnation.value());
  append_text(out, R"(,"event":")");
  append_text(out, event.type->name);
  out.push_back('"');
  for (std::size_t field = 0; field < event.type->field_count(); ++field) {
    append_text(out, ",\"");
    append_text(out, event.type->fields[field]);
    append_text(out, "\":");
    append_text(out, event.fields[field]);
  }
  if (!event.text.empty()) {
    append_text(out, R"(,"text":)");
    reports::append_quoted(out, event.text);
  }
  out.append("}\n");
}

void TraceText::on_event(const scenarios::Observation& observation) {
  if (observation.order >= first_ && observation.order < end_) append_event(text_, observation);
}

void TraceFile::on_event(const scenarios::Observation& observation) {
  constexpr std::size_t kChunkBytes = 1 << 20;
  append_event(waiting_, observation);
  if (waiting_.size() < kChunkBytes) return;
  file_.append(waiting_);
  waiting_.clear();
}

Status TraceFile::finish() {
  file_.append(waiting_);
  return file_.finish();
}

}  // namespace lockstep::cli
