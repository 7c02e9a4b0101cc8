// Stackful fibers on Boost.Context with pooled guarded stacks; exceptions and sanitizers keep working.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <vector>

namespace lockstep::sim {

// Mapped stacks of kStackBytes above a guard page; given back stacks are used again.
class StackPool {
 public:
  static constexpr std::size_t kStackBytes = std::size_t{1} << 20;

  StackPool() = default;
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  // All stacks must have been given back (checked).
  ~StackPool();
  // The lowest usable address.
  char* take();
  void give(char* stack);

 private:
  std::vector<char*> free_;
  std::size_t taken_ = 0;
};

// Runs `body(argument)` on a stack of its own, as far as it gets between resume() and suspend().
class Fiber {
 public:
  using Body = void (*)(void* argument);

  Fiber(StackPool& stacks, Body body, void* argument);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  // The body must have returned (checked): a fiber is never torn down with live objects on its stack.
  ~Fiber();

  // From outside; returns when the body suspends or returns. Other fibers may be the caller.
  void resume();
  // From inside the body only.
  void suspend();
  bool finished() const { return finished_; }

 private:
  // The exceptions being handled are per thread in the C++ ABI; a switch must carry them along.
  struct ExceptionState {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };

  static void enter(boost::context::detail::transfer_t transfer);

  StackPool& stacks_;
  char* stack_;
  Body body_;
  void* argument_;
  bool finished_ = false;
  boost::context::detail::fcontext_t context_;
  boost::context::detail::fcontext_t caller_ = nullptr;
  ExceptionState exceptions_;
  // For the address sanitizer: the caller's stack and this fiber's fake stack.
  const void* caller_bottom_ = nullptr;
  std::size_t caller_size_ = 0;
  void* fake_stack_ = nullptr;
};

}  // namespace lockstep::sim
