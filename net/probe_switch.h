// The port Probe: nothing is armed, unless an operator who may bring faults has armed it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/env/probe.h"

namespace lockstep::net {

// On the loop.
class ProbeSwitch final : public env::Probe {
 public:
  struct Hit {
    std::uint64_t ticket = 0;  // of this piece of work
    std::string point;
    std::uint64_t object = 0;
  };
  // Told of every hit of an armed point; the work is held until release().
  using OnHit = std::function<void(const Hit&)>;
  // Continues a piece of work as a turn of the actor.
  using Continue = std::function<void(const std::function<void()>&)>;

  explicit ProbeSwitch(Continue run) : run_(std::move(run)) {}

  void reached(const env::ProbePoint& point, std::uint64_t object, std::function<void()> then) override;

  void on_hit(OnHit call) { on_hit_ = std::move(call); }
  void arm(const std::string& point) { armed_.insert(point); }
  // What it holds stays held.
  void disarm(const std::string& point) { armed_.erase(point); }
  // False: nothing is held under this ticket.
  bool release(std::uint64_t ticket);
  void release_all();

 private:
  Continue run_;
  OnHit on_hit_;
  std::set<std::string, std::less<>> armed_;
  std::map<std::uint64_t, std::function<void()>> held_;
  std::uint64_t next_ticket_ = 0;
};

}  // namespace lockstep::net
