// A client that says exactly the bytes that a test wants said, and keeps what it hears.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/event_loop.h"

namespace lockstep::tests {

// On the loop of the server under test.
class HttpClient {
 public:
  HttpClient(net::EventLoop& loop, const net::Tcp::endpoint& to)
      : loop_(loop), state_(std::make_shared<State>(loop)) {
    state_->socket.connect(to);
    listen(state_);
  }

  void say(std::string_view text) {
    net::IoError refused;  // the server may have closed; tests look at what it said
    net::asio::write(state_->socket, net::asio::buffer(text), refused);
  }
  // Says no more.
  void finish() { state_->socket.shutdown(net::Tcp::socket::shutdown_send); }
  // Hangs up.
  ~HttpClient() {
    net::IoError ignored;
    state_->socket.close(ignored);
  }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  // Waits until this has been heard.
  bool hears(std::string_view text) {
    return loop_.run_until([&] { return state_->heard.find(text) != std::string::npos; }, kPatience);
  }
  bool is_left() {
    return loop_.run_until([&] { return state_->closed; }, kPatience);
  }
  // The next response, taken off what was heard; its body has the length that its head announces.
  std::string response(bool with_body = true) {
    std::string whole;
    loop_.run_until(
        [&] {
          const std::size_t end = state_->heard.find("\r\n\r\n");
          if (end == std::string::npos) return state_->closed;
          const std::size_t length = state_->heard.find("Content-Length: ");
          std::size_t size = end + 4;
          if (with_body && length < end) size += std::stoul(state_->heard.substr(length + 16));
          if (state_->heard.size() < size) return state_->closed;
          whole = state_->heard.substr(0, size);
          state_->heard.erase(0, size);
          return true;
        },
        kPatience);
    return whole;
  }
  const std::string& heard() const { return state_->heard; }

 private:
  static constexpr Duration kPatience = std::chrono::seconds(20);

  struct State {
    explicit State(net::EventLoop& loop) : socket(loop.context()) {}
    net::Tcp::socket socket;
    char buffer[4096];
    std::string heard;
    bool closed = false;
  };

  static void listen(const std::shared_ptr<State>& state) {
    state->socket.async_read_some(net::asio::buffer(state->buffer),
                                  [state](const net::IoError& error, std::size_t bytes) {
                                    state->heard.append(state->buffer, bytes);
                                    if (error) {
                                      state->closed = true;
                                    } else {
                                      listen(state);
                                    }
                                  });
  }

  net::EventLoop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace lockstep::tests
