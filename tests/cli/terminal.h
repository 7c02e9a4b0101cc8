// The program at a terminal, with a person's keys.
#pragma once

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace lockstep::tests {

class Terminal {
 public:
  // HOME is `home`, so that no history of this machine comes in.
  Terminal(std::vector<std::string> arguments, const std::string& home) {
    const winsize size{.ws_row = 40, .ws_col = 120, .ws_xpixel = 0, .ws_ypixel = 0};
    process_ = ::forkpty(&descriptor_, nullptr, nullptr, &size);
    CHECK(process_ >= 0, "forkpty");
    if (process_ > 0) return;
    ::setenv("HOME", home.c_str(), 1);
    ::setenv("TERM", "xterm", 1);
    std::vector<char*> words{const_cast<char*>(LOCKSTEP_PROGRAM)};
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    ::execv(LOCKSTEP_PROGRAM, words.data());
    ::_exit(127);
  }
  ~Terminal() {
    ::close(descriptor_);
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(std::string_view keys) {
    CHECK(::write(descriptor_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()),
          "a pseudo terminal");
  }
  // Waits until this is shown, behind what was waited for before. `meanwhile`: keys that are typed again and
  // again, because nobody sees from outside when the program begins to listen to them.
  bool shows(std::string_view text, std::string_view meanwhile = "") {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    // Not too often: with a signal the terminal also drops what the program is just printing.
    auto typing = std::chrono::steady_clock::now();
    for (;;) {
      const std::size_t at = shown_.find(text, seen_);
      if (at != std::string::npos) {
        seen_ = at + text.size();
        return true;
      }
      const auto now = std::chrono::steady_clock::now();
      if (now >= end) return false;
      if (!meanwhile.empty() && now >= typing) {
        type(meanwhile);
        typing = now + std::chrono::seconds(2);
      }
      if (!read_more()) return false;
    }
  }
  // All of it; for messages.
  const std::string& shown() const { return shown_; }
  // Of a program that ends; -1: by a signal, ours too when it does not end in a minute.
  int exit_code() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (read_more())
      if (std::chrono::steady_clock::now() >= end) ::kill(process_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  // False: nothing comes any more.
  bool read_more() {
    pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 200) == 0) return true;
    char buffer[4096];
    const ssize_t bytes = ::read(descriptor_, buffer, sizeof buffer);
    if (bytes <= 0) return false;
    shown_.append(buffer, static_cast<std::size_t>(bytes));
    return true;
  }

  int descriptor_ = -1;
  pid_t process_ = -1;
  std::string shown_;
  std::size_t seen_ = 0;
};

}  // namespace lockstep::tests
