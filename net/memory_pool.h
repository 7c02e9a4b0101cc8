// What the connections of all ports of a process hold together, and who is dropped when it is too much.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace lockstep::net {

// On the loop. Shared by ports and connections, which may outlive whoever made it. Bytes that wait for the
// rest of a request cost an attacker little: without a common limit each port would have one of its own, and
// the process the sum.
class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  // A port whose connections are counted here.
  class Port {
   public:
    // Of its connections that may be dropped: the bytes of the one that holds most.
    virtual std::size_t most_held() const = 0;
    // Drops that one; then it holds less.
    virtual void drop_greediest(const std::string& why) = 0;

   protected:
    ~Port() = default;
  };

  // `later` calls a function soon, on the loop, and outlives the pool's last change.
  MemoryPool(std::size_t limit, std::function<void(std::function<void()>)> later)
      : limit_(limit), later_(std::move(later)) {}

  void open(Port& port) { ports_.push_back(&port); }
  void close(Port& port) { std::erase(ports_, &port); }

  void change(std::size_t before, std::size_t after) {
    used_ = used_ - before + after;
    if (used_ <= limit_ || std::exchange(relief_is_due_, true)) return;
    later_([self = weak_from_this()] {
      if (const auto pool = self.lock()) pool->relieve();
    });
  }
  std::size_t used() const { return used_; }

 private:
  void relieve() {
    while (used_ > limit_) {
      const auto greediest = std::ranges::max_element(ports_, {}, &Port::most_held);
      const std::size_t held = greediest == ports_.end() ? 0 : (*greediest)->most_held();
      if (held == 0) break;  // all of it is of those who may not be dropped
      (*greediest)
          ->drop_greediest(
              cat("its ", held, " bytes under way are most of all, and all together are more than ", limit_));
    }
    relief_is_due_ = false;
  }

  std::size_t limit_;
  std::function<void(std::function<void()>)> later_;
  std::vector<Port*> ports_;
  std::size_t used_ = 0;
  bool relief_is_due_ = false;
};

}  // namespace lockstep::net
