// hash64 of bytes that come in parts.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace lockstep {

// value() is hash64 of all that was added so far, one part behind the other.
class HashStream {
 public:
  HashStream();
  ~HashStream();
  HashStream(HashStream&&) noexcept;
  HashStream& operator=(HashStream&&) noexcept;
  void add(BytesView bytes);
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep
