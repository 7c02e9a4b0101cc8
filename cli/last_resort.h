// The end of a program that has done all that it had to do.
#pragma once

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace lockstep::cli {

inline constexpr std::chrono::seconds kPatienceAtTheEnd{1};

// Something that nobody can interrupt may hold the end up: the look-up of a host's name, a statement on
// another thread. Then the process ends all the same, with `code`, or 1 if its output cannot be written.
// Called when nothing is left to be said.
inline void end_within(std::chrono::seconds patience, int code) {
  static volatile std::sig_atomic_t code_at_last = 0;
  code_at_last = std::cout.flush() || code != 0 ? code : 1;
  std::fflush(nullptr);
  std::signal(SIGALRM, [](int) { std::_Exit(code_at_last); });
  ::alarm(static_cast<unsigned>(patience.count()));
}

}  // namespace lockstep::cli
