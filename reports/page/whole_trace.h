// What a page says of a whole trace, however few of its events it holds.
#pragma once

#include "reports/page/members.h"
#include "reports/page/traffic.h"

namespace lockstep::page {

inline constexpr std::size_t kStretches = 120;  // of time, in charts

struct WholeTrace {
  // `end`: of the run, by its own clock.
  explicit WholeTrace(Duration end) : traffic(end, kStretches), members(end, 2 * kStretches) {}
  // Every event, in the order of the run.
  void see(const reports::TraceEvent& event) {
    traffic.see(event);
    members.see(event);
  }
  void finish() { members.finish(); }

  Traffic traffic;
  Members members;
};

}  // namespace lockstep::page
