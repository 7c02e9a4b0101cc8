// What SQLite holds for one connection, and how much more a query may take before it is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace lockstep::sql {

// In bytes as SQLite's allocator counts them, the same on every machine.
class MemoryAccount {
 public:
  // From now on at most so much more is granted, until lift().
  void restrict(std::size_t more) {
    most_ = held_ + static_cast<std::int64_t>(more);
    refused_ = false;
  }
  void lift() { most_ = std::numeric_limits<std::int64_t>::max(); }
  bool grant(int bytes) {
    if (held_ + bytes <= most_) return true;
    refused_ = true;
    return false;
  }
  // A block was granted, has another size now, or is gone.
  void changed(std::int64_t bytes) { held_ += bytes; }

  // Since the last restriction.
  bool refused() const { return refused_; }
  std::int64_t held() const { return held_; }

 private:
  std::int64_t held_ = 0;
  std::int64_t most_ = std::numeric_limits<std::int64_t>::max();
  bool refused_ = false;
};

// While it lives.
class MemoryLimit {
 public:
  MemoryLimit(MemoryAccount& account, std::size_t more) : account_(account) { account_.restrict(more); }
  ~MemoryLimit() { account_.lift(); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  MemoryAccount& account_;
};

}  // namespace lockstep::sql
