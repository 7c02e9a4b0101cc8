// When no hub answers the cloud any more, and for how long: each outage has one beginning and one end.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "base/time.h"

namespace lockstep::cli {

class HubSilence {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  // `patience`: shorter silences are none; a leader may change.
  HubSilence(Moment begin, Duration patience) : heard_(begin), patience_(patience) {}

  // Nobody leads as far as is known. True: an outage is noticed, once.
  bool begins(Moment now) {
    if (is_out_ || now - heard_ < patience_) return false;
    is_out_ = true;
    return true;
  }
  // A leader is heard. How long there was none, if that was noticed.
  std::optional<Duration> ends(Moment now) {
    const Duration silent = now - std::exchange(heard_, now);
    return std::exchange(is_out_, false) ? std::optional(silent) : std::nullopt;
  }

 private:
  Moment heard_;
  Duration patience_;
  bool is_out_ = false;
};

}  // namespace lockstep::cli
