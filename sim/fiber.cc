// Switching stacks; every switch tells the address sanitizer and swaps the state of exception handling.
#include "sim/fiber.h"

#include <cxxabi.h>
#include <sys/mman.h>

#include <cstring>

#include "base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define LOCKSTEP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOCKSTEP_ASAN 1
#endif
#endif

#ifdef LOCKSTEP_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace lockstep::sim {
namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

constexpr std::size_t kGuardBytes = 4096;

#ifdef LOCKSTEP_ASAN
void start_switch(void** fake_stack, const void* bottom, std::size_t size) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
}
void finish_switch(void* fake_stack, const void** bottom, std::size_t* size) {
  __sanitizer_finish_switch_fiber(fake_stack, bottom, size);
}
void unpoison(const char* stack) { __asan_unpoison_memory_region(stack, StackPool::kStackBytes); }
#else
void start_switch(void**, const void*, std::size_t) {}
void finish_switch(void*, const void**, std::size_t*) {}
void unpoison(const char*) {}
#endif

}  // namespace

StackPool::~StackPool() {
  CHECK(taken_ == 0, taken_, " fibers are still alive");
  for (char* const stack : free_) munmap(stack - kGuardBytes, kGuardBytes + kStackBytes);
}

char* StackPool::take() {
  ++taken_;
  if (!free_.empty()) {
    char* const stack = free_.back();
    free_.pop_back();
    return stack;
  }
  void* const memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(memory != MAP_FAILED, "no memory for the stack of a fiber");
  CHECK(mprotect(memory, kGuardBytes, PROT_NONE) == 0);
  return static_cast<char*>(memory) + kGuardBytes;
}

void StackPool::give(char* stack) {
  --taken_;
  unpoison(stack);  // here, so that it is clean for whoever is mapped there after munmap, too
  free_.push_back(stack);
}

Fiber::Fiber(StackPool& stacks, Body body, void* argument)
    : stacks_(stacks),
      stack_(stacks.take()),
      body_(body),
      argument_(argument),
      context_(make_fcontext(stack_ + StackPool::kStackBytes, StackPool::kStackBytes, &Fiber::enter)) {}

Fiber::~Fiber() {
  CHECK(finished_, "a fiber is destroyed before its body returned");
  stacks_.give(stack_);
}

void Fiber::enter(transfer_t transfer) {
  auto& self = *static_cast<Fiber*>(transfer.data);
  self.caller_ = transfer.fctx;
  finish_switch(nullptr, &self.caller_bottom_, &self.caller_size_);
  self.body_(self.argument_);
  self.finished_ = true;
  start_switch(nullptr, self.caller_bottom_, self.caller_size_);
  jump_fcontext(self.caller_, nullptr);
}

void Fiber::resume() {
  CHECK(!finished_);
  auto* const globals = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  const ExceptionState outside = *globals;
  *globals = exceptions_;
  void* fake_stack = nullptr;
  start_switch(&fake_stack, stack_, StackPool::kStackBytes);
  context_ = jump_fcontext(context_, this).fctx;
  finish_switch(fake_stack, nullptr, nullptr);
  exceptions_ = *globals;
  *globals = outside;
}

void Fiber::suspend() {
  start_switch(&fake_stack_, caller_bottom_, caller_size_);
  caller_ = jump_fcontext(caller_, nullptr).fctx;
  finish_switch(fake_stack_, &caller_bottom_, &caller_size_);
}

}  // namespace lockstep::sim
