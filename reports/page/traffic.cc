// A frame is remembered from its sending to its end, for only its sending tells all about it.
#include "reports/page/traffic.h"

#include <algorithm>

namespace lockstep::page {
namespace {

using reports::TraceEvent;

constexpr std::uint64_t kRaftChannel = 1;
constexpr std::uint64_t kFieldChannel = 5;

}  // namespace

Traffic::Traffic(Duration end, std::size_t stretches)
    : stretches_(stretches),
      stretch_(end / static_cast<std::int64_t>(stretches) + Duration(1)),
      dropped_(stretches, 0) {}

void Traffic::see(const TraceEvent& event) {
  if (event.kind == "frame_sent") return send(event);
  if (event.kind == "frame_delivered") return deliver(event);
  if (event.kind == "frame_dropped") return drop(event);
  if (event.kind == "frame_duplicated") {
    const auto found = under_way_.find(event.field("message").value_or(0));
    if (found != under_way_.end()) ++found->second.copies;
  }
  if (event.kind != "append_sent") return;
  appending_ = event.node;  // the frame is the next thing that this node does
  entries_ += event.field("count").value_or(0);
}

std::size_t Traffic::stretch_of(const TraceEvent& event) const {
  return std::min(static_cast<std::size_t>(event.time_ns / stretch_.count()), stretches_ - 1);
}

Traffic::Frames& Traffic::frames_of(const Kind& kind) {
  const auto [found, is_new] = kinds_.try_emplace(kind);
  if (is_new)
    found->second = {.sent = std::vector<std::uint64_t>(stretches_, 0),
                     .bytes = std::vector<std::uint64_t>(stretches_, 0)};
  return found->second;
}

void Traffic::send(const TraceEvent& event) {
  const std::uint64_t channel = event.field("channel").value_or(0);
  const bool brings_entries = channel == kRaftChannel && appending_ == event.node;
  if (brings_entries) appending_.reset();
  const UnderWay frame{.to = event.field("to").value_or(0), .kind = {channel, brings_entries}};
  under_way_.insert_or_assign(event.field("message").value_or(0), frame);
  Frames& frames = frames_of(frame.kind);
  ++frames.sent[stretch_of(event)];
  frames.bytes[stretch_of(event)] += event.field("bytes").value_or(0);
}

Traffic::UnderWay Traffic::ended(const TraceEvent& event) {
  const auto found = under_way_.find(event.field("message").value_or(0));
  if (found == under_way_.end()) return {.to = event.field("to").value_or(0)};
  const UnderWay frame = found->second;
  if (--found->second.copies == 0) under_way_.erase(found);
  return frame;
}

Traffic::Link& Traffic::end_on(std::uint64_t from, const UnderWay& frame) {
  Link& link = links_[{from, frame.to}];
  ++link.ended;
  if (frame.kind.channel == kFieldChannel) ++link.field;
  return link;
}

void Traffic::deliver(const TraceEvent& event) {
  const UnderWay frame = ended(event);
  if (frame.to != 0) end_on(event.field("from").value_or(0), frame);
}

void Traffic::drop(const TraceEvent& event) {
  const UnderWay frame = ended(event);
  ++end_on(event.field("from").value_or(0), frame).dropped;
  ++frames_of(frame.kind).dropped;
  ++dropped_[stretch_of(event)];
  ++reasons_[event.field("reason").value_or(0)];
}

}  // namespace lockstep::page
