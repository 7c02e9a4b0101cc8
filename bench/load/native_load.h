// Lockstep's framed protocol under load: a session to each connection, requests pipelined over them.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "bench/load/meter.h"
#include "bench/load/native_connection.h"
#include "bench/load/workload.h"

namespace lockstep::bench {

class NativeLoad {
 public:
  static Result<NativeLoad> open(const std::string& endpoint, Workload workload, std::uint32_t connections);
  NativeLoad(NativeLoad&& other) noexcept;
  ~NativeLoad();

  // The exit code.
  int run(const Shape& shape);
  int run_count(std::uint64_t count, std::uint32_t outstanding);

 private:
  struct Call {
    Moment begun;
    bool ended = false;
  };
  // A connection, its session, and its calls from the oldest unanswered one on. A call's number is also the
  // sequence of its write.
  struct Line {
    NativeConnection connection;
    std::uint64_t session = 0;
    std::uint64_t first_call = 1;
    std::deque<Call> calls = {};
    bool dirty = false;
  };
  using Answered = std::function<void(Line& line, Moment begun, const std::string& problem)>;

  NativeLoad(Workload workload, std::vector<Line> lines);
  void begin(Line& line, Moment due);
  Status flush();
  // Waits for answers until then, and hands them over.
  Status receive(Moment until, const Answered& answered);
  void settle(Line& line, const wire::Reply& reply, const Answered& answered);

  Workload workload_;
  std::vector<Line> lines_;
  int epoll_;
  wire::Request request_;
};

// Strikes the process, then writes at each of the endpoints every two milliseconds until one is acknowledged.
int run_native_outage(const std::vector<std::string>& endpoints, int signal, int process);

}  // namespace lockstep::bench
