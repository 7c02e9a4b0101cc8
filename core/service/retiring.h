// A node that can be asked to leave in good order.
#pragma once

#include <functional>

namespace lockstep::service {

// Killing a node at any moment loses nothing; leaving in good order spares its clients the doubt.
class Retiring {
 public:
  virtual ~Retiring() = default;
  // Called once. From now on commands are refused, retryable. What was accepted is answered, a leader steps
  // down, and everything applied is made durable; then `done` is called, in a turn of the node. It never is
  // if that cannot be (no majority, a failed disk): the caller has a deadline of its own.
  virtual void retire(std::function<void()> done) = 0;
};

}  // namespace lockstep::service
