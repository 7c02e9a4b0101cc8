// Events become lines and figures.
#include "cli/edge_news.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "core/proto/control.pb.h"
#include "edge/events.h"

namespace lockstep::cli {

EdgeNews::EdgeNews(std::string edge, edge::Driver& driver, std::shared_ptr<spdlog::logger> log, bool measures)
    : edge_(std::move(edge)), driver_(driver), log_(std::move(log)), measures_(measures) {}

void EdgeNews::sample(std::size_t device, std::vector<edge::Sample>& samples) {
  const std::size_t before = samples.size();
  driver_.sample(device, samples);
  const Moment now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  const auto& signals = driver_.devices()[device].signals;
  for (std::size_t at = before; at < samples.size(); ++at) {
    if (samples[at].signal >= signals.size() || !std::isfinite(samples[at].value)) continue;
    ++figures_.sensed;
    if (measures_) streams_[signals[samples[at].signal].stream].open.push_back(now - samples[at].ago);
  }
}

void EdgeNews::emit(const env::Event& event) {
  if (record_ != nullptr) record_->emit(event);
  std::uint64_t not_taken = 0;  // until this event ended it
  {
    const std::lock_guard lock(mutex_);
    const auto& fields = event.fields;
    if (event.type == &edge::kBuffered) {
      if (buffered(fields[0], static_cast<std::uint32_t>(fields[1]), fields[2], fields[3]))
        not_taken = std::exchange(not_taken_, 0);
    } else if (event.type == &edge::kBatchSettled) {
      settled(static_cast<std::uint32_t>(fields[1]), fields[2]);
    } else if (event.type == &edge::kReadingsDropped) {
      figures_.dropped += fields[3];
    } else if (event.type == &edge::kReadingsRefused) {
      figures_.dropped += fields[1];
      not_taken_ += fields[1];
      refused(static_cast<std::uint32_t>(fields[0]), fields[1]);
    } else if (event.type == &edge::kExecuted) {
      ++figures_.executed;
    }
  }
  if (not_taken > 0)
    log_->warn(cat(edge_, ": there is room again; ", not_taken,
                   " readings were not taken meanwhile, and no hub knows of them"));
  say(event);
}

bool EdgeNews::buffered(std::uint64_t buffer, std::uint32_t stream, std::uint64_t sequence,
                        std::uint64_t readings) {
  Stream& known = streams_[stream];
  if (std::exchange(known.buffer, buffer) != buffer) known.told = 0;
  if (sequence <= known.told) return false;  // said again after the store was opened again
  known.told = sequence;
  if (!measures_) return true;
  // After a restart batches of a former life are told again, whose readings nobody has seen here.
  const auto count = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(readings, known.open.size()));
  known.under_way.push_back({sequence, {known.open.begin(), known.open.begin() + count}});
  known.open.erase(known.open.begin(), known.open.begin() + count);
  return true;
}

// They are the last that were sensed: a batch that is durable after all was closed before them.
void EdgeNews::refused(std::uint32_t stream, std::uint64_t readings) {
  std::deque<Moment>& open = streams_[stream].open;
  open.resize(open.size() - std::min<std::size_t>(readings, open.size()));
}

void EdgeNews::settled(std::uint32_t stream, std::uint64_t received) {
  if (!measures_) return;
  const Moment now = std::chrono::steady_clock::now();
  auto& under_way = streams_[stream].under_way;
  for (; !under_way.empty() && under_way.front().sequence <= received; under_way.pop_front()) {
    for (const Moment sensed : under_way.front().sensed) {
      const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(now - sensed).count();
      figures_.waits_us.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(wait, UINT32_MAX)));
    }
    figures_.committed += under_way.front().sensed.size();
  }
}

void EdgeNews::say(const env::Event& event) {
  const auto& fields = event.fields;
  if (event.type == &edge::kEdgeOpened) {
    log_->info(cat(edge_, ": buffer ", hex16(fields[0]), " with ", fields[1], " batches, ", fields[2],
                   " instructions"));
  } else if (event.type == &edge::kEdgeStopped) {
    log_->error(cat(edge_, ": it has stopped itself: ", event.text));
  } else if (event.type == &edge::kHubRefuses) {
    if (refusal_ != event.text) log_->error(cat(edge_, ": the hub refuses it: ", event.text));
    refusal_ = event.text;
  } else if (event.type == &edge::kHubFound) {
    // Who reads warnings only has seen the trouble and should see its end.
    const bool was_lost = std::exchange(is_lost_, false);
    const bool ends_trouble = !std::exchange(refusal_, {}).empty() || was_lost;
    log_->log(ends_trouble ? spdlog::level::warn : spdlog::level::info,
              cat(edge_, ": reports to hub ", fields[0], ends_trouble ? " again" : ""));
  } else if (event.type == &edge::kHubLost) {
    is_lost_ = true;
    log_->warn(cat(edge_, ": hub ", fields[0],
                   " does not lead any more, or does not answer; its readings wait here"));
  } else if (event.type == &edge::kReadingsDropped) {
    log_->warn(
        cat(edge_, ": the buffer is full: ", fields[3], " readings of stream ", fields[1], " dropped"));
  } else if (event.type == &edge::kReadingsRefused) {
    log_->warn(
        cat(edge_, ": the disk is full: ", fields[1], " readings of stream ", fields[0], " not taken"));
  } else if (event.type == &edge::kExecuted) {
    log_->info(cat(edge_, ": instruction ", fields[0], " is executed by ", devices()[fields[1]].name));
  } else if (event.type == &edge::kInstructionEnded && fields[2] != wire::InstructionResult::DONE) {
    const auto outcome = static_cast<wire::InstructionResult::Outcome>(fields[2]);
    log_->warn(
        cat(edge_, ": instruction ", fields[0], " ended: ", wire::InstructionResult::Outcome_Name(outcome)));
  } else if (event.type == &edge::kFallbackTaken) {
    log_->warn(cat(edge_, ": ", devices()[fields[0]].name,
                   ": no hub was heard for so long that the set points of the settings' fallback are set"));
  }
  say_of_settings(event);
}

// On lanes, in the moment in which the slot is switched.
void EdgeNews::say_of_settings(const env::Event& event) {
  const auto& fields = event.fields;
  const auto slot = [&] { return fields[0] == 0 ? "A" : "B"; };
  if (event.type == &edge::kSlotSwitched) {
    log_->info(cat(edge_, ": settings ", fields[1], " in slot ", slot(), " are in use, on trial"));
  } else if (event.type == &edge::kSlotRead && !event.text.empty()) {
    log_->warn(cat(edge_, ": settings ", fields[1], " in slot ", slot(), ": ", event.text));
  } else if (event.type == &edge::kSlotRolledBack) {
    log_->warn(cat(edge_, ": settings ", fields[2], " are rolled back; ",
                   fields[1] == 0 ? std::string("it goes on without any")
                                  : cat("settings ", fields[1], " in slot ", slot(), " are in use again")));
  }
}

FieldFigures EdgeNews::take_figures() {
  const std::lock_guard lock(mutex_);
  return std::exchange(figures_, {});
}

}  // namespace lockstep::cli
