// Events as JSON, without a JSON library: a trace has hundreds of thousands of them.
#include "cli/trace_file.h"

#include "base/text.h"
#include "reports/value.h"
#include "scenarios/roster.h"

namespace lockstep::cli {

void append_event(std::string& out, const sim::Recorded& recorded) {
  const env::Event& event = recorded.event;
  append_text(out, R"({"order":)");
  append_text(out, recorded.order);
  append_text(out, R"(,"time":)");
  append_text(out, recorded.time.time_since_epoch().count());
  append_text(out, R"(,"node":")");
  append_text(out, scenarios::Roster::name(recorded.node));
  append_text(out, R"(","incarnation":)");
  append_text(out, recorded.incarnation.value());
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

void TraceText::on_event(const sim::Recorded& recorded) {
  if (recorded.order >= first_ && recorded.order < end_) append_event(text_, recorded);
}

void TraceFile::on_event(const sim::Recorded& recorded) {
  constexpr std::size_t kChunkBytes = 1 << 20;
  append_event(waiting_, recorded);
  if (waiting_.size() < kChunkBytes) return;
  file_.append(waiting_);
  waiting_.clear();
}

Status TraceFile::finish() {
  file_.append(waiting_);
  return file_.finish();
}

}  // namespace lockstep::cli
