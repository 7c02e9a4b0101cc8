// What the buffers of many connections hold together, and what happens when it is too much.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace lockstep::net {

// On the loop. Shared by its connections, which may outlive whoever made it.
class MemoryPool {
 public:
  // `on_exceeded` is called from inside a change, so it must only schedule what it does, and once until
  // relieved().
  MemoryPool(std::size_t limit, std::function<void()> on_exceeded)
      : limit_(limit), on_exceeded_(std::move(on_exceeded)) {}

  void change(std::size_t before, std::size_t after) {
    used_ = used_ - before + after;
    if (is_exceeded() && !std::exchange(told_, true)) on_exceeded_();
  }
  bool is_exceeded() const { return used_ > limit_; }
  void relieved() { told_ = false; }
  std::size_t used() const { return used_; }

 private:
  std::size_t limit_;
  std::function<void()> on_exceeded_;
  std::size_t used_ = 0;
  bool told_ = false;
};

}  // namespace lockstep::net
