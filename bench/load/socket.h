// Plain TCP for load generators: connect, write everything, read what is there.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace lockstep::bench {

// A connected socket, closed at the end; -1 when moved from or not connected.
class Socket {
 public:
  Socket() = default;
  // "127.0.0.1:2379", with TCP_NODELAY.
  static Socket connect(const std::string& endpoint);
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  // False: the connection is gone.
  bool write_all(std::string_view bytes);
  // Appends one read; blocks until there is something, or until the patience is over. False: gone, or too
  // late.
  bool read_some(std::string& into, std::chrono::milliseconds patience);
  // Appends what a socket that is known to be readable has.
  bool read_ready(std::string& into);

 private:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace lockstep::bench
