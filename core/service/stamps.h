// Gives each command the time and the seed that make its execution the same wherever and whenever it happens.
#pragma once

#include "base/env/actor.h"
#include "base/prng.h"
#include "core/proto/command.pb.h"

namespace lockstep::service {

class Stamps {
 public:
  explicit Stamps(const env::Env& env) : env_(env) {}

  void stamp(wire::Command& command) {
    command.set_time_ns(env_.clock.wall_now().time_since_epoch().count());
    command.set_seed(draw(env_.seed, kEntrySeed, 0, next_seed_++));
  }

 private:
  static constexpr Purpose kEntrySeed{"service.entry_seed"};
  const env::Env& env_;
  std::uint64_t next_seed_ = 0;
};

}  // namespace lockstep::service
