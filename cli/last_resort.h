// The end of a program that has done all that it had to do.
#pragma once

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace lockstep::cli {

// Whoever takes the loop down waits for a look-up of a host's name that is under way, which nobody can
// interrupt and which may take many seconds. After a second the process ends anyway, with `code`. Called when
// everything is closed and flushed.
inline void end_within_a_second(int code) {
  static volatile std::sig_atomic_t code_at_last = 0;
  code_at_last = code;
  std::cout.flush();
  std::fflush(nullptr);
  std::signal(SIGALRM, [](int) { std::_Exit(code_at_last); });
  ::alarm(1);
}

}  // namespace lockstep::cli
