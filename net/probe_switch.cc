// Holding and releasing.
#include "net/probe_switch.h"

namespace lockstep::net {

void ProbeSwitch::reached(const env::ProbePoint& point, std::uint64_t object, std::function<void()> then) {
  if (armed_.empty() || !armed_.contains(point.name)) return then();
  const std::uint64_t ticket = ++next_ticket_;
  held_.emplace(ticket, std::move(then));
  if (on_hit_) on_hit_({.ticket = ticket, .point = std::string(point.name), .object = object});
}

bool ProbeSwitch::release(std::uint64_t ticket) {
  const auto work = held_.extract(ticket);
  if (work.empty()) return false;
  run_(work.mapped());
  return true;
}

void ProbeSwitch::release_all() {
  const std::uint64_t newest = next_ticket_;  // what is released may be held again at the next point
  while (!held_.empty() && held_.begin()->first <= newest) release(held_.begin()->first);
}

}  // namespace lockstep::net
