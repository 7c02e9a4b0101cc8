// Port: named points in the code where the outside may pause one piece of work, crash the process, or count.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace lockstep::env {

// A point, declared once where it is reached: inline constexpr ProbePoint kBeforeCommit{"txn.before_commit"};
struct ProbePoint {
  std::string_view name;
};

class Probe {
 public:
  virtual ~Probe() = default;
  // On the actor. Unarmed, `then` runs before this returns. Armed, it runs later (a held piece of
  // work holds itself, never the actor) or, if the process is crashed here, never.
  // `object` tells apart pieces of work at the same point (a transaction id, an index).
  virtual void reached(const ProbePoint& point, std::uint64_t object, std::function<void()> then) = 0;
};

}  // namespace lockstep::env
