// Lines of text over a socket in the file system, in both directions.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/asio.h"

namespace lockstep::faults {

using LocalSocket = net::asio::local::stream_protocol;

// Lives as long as somebody holds it or something is under way. Everything on the loop's thread; neither
// callback comes after close().
class LineSocket : public std::enable_shared_from_this<LineSocket> {
 public:
  static constexpr std::size_t kMostLineBytes = 1 << 20;

  struct Callbacks {
    std::function<void(std::string_view line)> on_line;  // without its end
    std::function<void()> on_end;                        // the other side is gone, or sent too long a line
  };
  LineSocket(LocalSocket::socket socket, Callbacks callbacks)
      : socket_(std::move(socket)), callbacks_(std::move(callbacks)) {}

  void start() { read(); }
  void send(std::string line);
  void close();

 private:
  void read();
  void write();
  void end();

  LocalSocket::socket socket_;
  Callbacks callbacks_;
  bool open_ = true;
  std::string received_;
  std::deque<std::string> to_send_;  // the first one is under way
};

}  // namespace lockstep::faults
