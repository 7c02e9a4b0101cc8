// A node as whoever runs it sees it: it can be asked to leave in good order, and it may have stopped itself.
#pragma once

#include <functional>

#include "base/result.h"
#include "base/time.h"

namespace lockstep::service {

// How long whoever asked it to leave waits; then it is ended, which loses nothing that was acknowledged.
inline constexpr Duration kPatienceWithLeaving = std::chrono::seconds(10);

// Killing a node at any moment loses nothing; leaving in good order spares its clients the doubt.
class Retiring {
 public:
  virtual ~Retiring() = default;
  // Called once. From now on commands are refused, retryable. What was accepted is answered, a leader steps
  // down, and everything applied is made durable; then `done` is called, in a turn of the node. It never is
  // if that cannot be (no majority, a failed disk): the caller has a deadline of its own.
  virtual void retire(std::function<void()> done) = 0;
  // Why it has stopped itself; none while it works. It answers STOPPED from then on.
  virtual const Error* failure() const = 0;
};

}  // namespace lockstep::service
