// What became of the requests of clients, by kind: how many ended how, how many wait, how long they took.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <utility>

#include "base/time.h"
#include "core/proto/client.pb.h"

namespace lockstep::service {

// Upper bounds of the buckets of latencies; a last one holds what took longer.
inline constexpr std::array<Duration, 16> kLatencyBounds = [] {
  using std::chrono::microseconds;
  return std::array<Duration, 16>{
      microseconds(100),       microseconds(250),       microseconds(500),       microseconds(1'000),
      microseconds(2'500),     microseconds(5'000),     microseconds(10'000),    microseconds(25'000),
      microseconds(50'000),    microseconds(100'000),   microseconds(250'000),   microseconds(500'000),
      microseconds(1'000'000), microseconds(2'500'000), microseconds(5'000'000), microseconds(10'000'000)};
}();

// Plain integers: counting has no effect on what is counted.
class RequestCounters {
 public:
  using Kind = wire::Request::WhatCase;

  void began(Kind kind) { ++of(kind).waiting; }
  void ended(Kind kind, wire::ReplyStatus status, Duration took);
  void describe(wire::RequestCounters& out) const;

 private:
  static constexpr std::size_t kKinds = wire::Request::kWithdraw + 1;  // the last of them

  struct OfKind {
    std::uint64_t waiting = 0;
    std::array<std::uint64_t, kLatencyBounds.size() + 1> buckets{};
    Duration sum{};
    std::map<wire::ReplyStatus, std::uint64_t> ended;
  };

  OfKind& of(Kind kind);

  std::array<OfKind, kKinds> kinds_;
};

}  // namespace lockstep::service
