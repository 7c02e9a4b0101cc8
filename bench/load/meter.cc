// The measured window, its percentiles, and the line of JSON that a load generator ends with.
#include "bench/load/meter.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/check.h"

namespace lockstep::bench {
namespace {

using Seconds = std::chrono::duration<double>;

Moment::duration seconds(double count) {
  return std::chrono::duration_cast<Moment::duration>(Seconds(count));
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto total = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return total(usage.ru_utime) + total(usage.ru_stime);
}

void announce(const char* what) {
  std::puts(what);
  std::fflush(stdout);
}

// Of sorted values, by nearest rank; 0 of none.
double percentile_us(const std::vector<std::uint32_t>& sorted_ns, double fraction) {
  if (sorted_ns.empty()) return 0;
  const double rank = std::ceil(fraction * static_cast<double>(sorted_ns.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted_ns[index] / 1e3;
}

}  // namespace

void add_options(CLI::App& command, Shape& shape) {
  command.add_option("--outstanding", shape.outstanding, "operations always on their way")
      ->check(CLI::Range(1, 100'000));
  command.add_option("--rate", shape.per_second, "operations begun per second, whatever is outstanding")
      ->check(CLI::PositiveNumber);
  command.add_option("--warm-up", shape.warm_up_seconds, "seconds before the measured window");
  command.add_option("--seconds", shape.seconds, "length of the measured window")->check(CLI::PositiveNumber);
}

void Arrivals::take() {
  const double uniform = (static_cast<double>(gaps_.next() >> 11) + 0.5) * 0x1p-53;  // in (0, 1)
  next_ += seconds(-std::log(uniform) / per_second_);
}

Meter::Meter(const Shape& shape)
    : window_begin_(now() + seconds(shape.warm_up_seconds)),
      window_end_(window_begin_ + seconds(shape.seconds)) {
  latencies_ns_.reserve(std::size_t{1} << 20);
}

bool Meter::advance(Moment at) {
  if (!measuring_ && at >= window_begin_) {
    measuring_ = true;
    window_end_ += at - window_begin_;
    window_begin_ = at;
    processor_seconds_ = processor_seconds();
    announce("begin");
  }
  if (at < window_end_) return true;
  measuring_ = false;
  measured_seconds_ = Seconds(at - window_begin_).count();
  processor_seconds_ = processor_seconds() - processor_seconds_;
  announce("end");
  return false;
}

void Meter::succeeded(Moment begun, Moment ended) {
  if (!measuring_) return;
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(ended - begun).count();
  latencies_ns_.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(nanoseconds, 0, UINT32_MAX)));
}

void Meter::failed(std::string_view why) {
  ++errors_;
  last_error_ = why;
}

int Meter::report() {
  std::sort(latencies_ns_.begin(), latencies_ns_.end());
  const auto count = static_cast<double>(latencies_ns_.size());
  std::printf(
      "{\"per_second\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, \"operations\": %.0f, "
      "\"seconds\": %.3f, \"client_cores\": %.3f, \"retries_per_second\": %.1f, \"errors\": %llu}\n",
      count / measured_seconds_, percentile_us(latencies_ns_, 0.5), percentile_us(latencies_ns_, 0.99),
      percentile_us(latencies_ns_, 1), count, measured_seconds_, processor_seconds_ / measured_seconds_,
      static_cast<double>(retries_) / measured_seconds_, static_cast<unsigned long long>(errors_));
  if (errors_ > 0)
    std::fprintf(stderr, "%llu errors, the last: %s\n", static_cast<unsigned long long>(errors_),
                 last_error_.c_str());
  return errors_ == 0 ? 0 : 1;
}

void fill_value(Stream& bytes, std::string& value) {
  value.resize(kValueBytes);
  for (std::size_t at = 0; at < value.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = bytes.next();
    std::memcpy(value.data() + at, &word, std::min(sizeof word, value.size() - at));
  }
}

Moment strike(int signal, int process) {
  CHECK(process > 1, "a process id");
  const Moment at = now();
  CHECK(::kill(process, signal) == 0, "the process is there");
  return at;
}

int report_outage(Moment begin, Moment end, std::uint64_t probes, std::uint64_t failed) {
  std::printf("{\"outage_ms\": %.1f, \"probes\": %llu, \"failed\": %llu}\n",
              Seconds(end - begin).count() * 1e3, static_cast<unsigned long long>(probes),
              static_cast<unsigned long long>(failed));
  return 0;
}

}  // namespace lockstep::bench
