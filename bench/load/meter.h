// What every load generator measures: a warm-up, a window whose ends are announced, latencies, one line of
// JSON at the end.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"

namespace lockstep::bench {

using Moment = std::chrono::steady_clock::time_point;
inline Moment now() { return std::chrono::steady_clock::now(); }

inline constexpr std::uint32_t kMostConnections = 12;
inline constexpr std::size_t kValueBytes = 100;

// How operations are begun.
struct Shape {
  std::uint32_t outstanding = 1;  // closed loop: so many are always on their way
  double per_second = 0;          // open loop, when positive: begun at random moments, answered or not
  double warm_up_seconds = 0.7;
  double seconds = 3;

  bool open_loop() const { return per_second > 0; }
  // The connections that the operations are spread over.
  std::uint32_t connections() const {
    return open_loop() ? kMostConnections : std::min(outstanding, kMostConnections);
  }
};

void add_options(CLI::App& command, Shape& shape);

// When the operations of an open loop begin: gaps are exponential, so that arrivals do not wait for answers
// or for each other.
class Arrivals {
 public:
  Arrivals(double per_second, Moment first) : per_second_(per_second), next_(first) {}
  Moment next() const { return next_; }
  void take();

 private:
  double per_second_;
  Moment next_;
  Stream gaps_{1, Purpose{"bench.arrivals"}, 0};
};

// Prints `begin` and `end` at the ends of the measured window, so that whoever started this program can read
// its own counters at the same moments.
class Meter {
 public:
  explicit Meter(const Shape& shape);

  // To be called before each look at what has ended. False: the window is over.
  bool advance(Moment at);
  void succeeded(Moment begun, Moment ended);
  void failed(std::string_view why);
  // What a peer asked to be tried again; counted, not an error.
  void retried() { retries_ += measuring_; }

  // One line: {"per_second":..., "p50_us":..., ...}. The exit code: 0 only if nothing failed.
  int report();

 private:
  Moment window_begin_;
  Moment window_end_;
  bool measuring_ = false;
  double processor_seconds_ = 0;
  double measured_seconds_ = 0;
  std::vector<std::uint32_t> latencies_ns_;  // capped at four seconds each
  std::uint64_t retries_ = 0;
  std::uint64_t errors_ = 0;
  std::string last_error_;
};

// A hundred bytes that do not compress, so that no system is flattered by compression.
void fill_value(Stream& bytes, std::string& value);

// Sends the signal to the process and returns when that was.
Moment strike(int signal, int process);
int report_outage(Moment begin, Moment end, std::uint64_t probes, std::uint64_t failed);

}  // namespace lockstep::bench
