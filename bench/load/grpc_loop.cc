// The loops of the gRPC load generators. One thread waits for answers; in an open loop a second one begins
// calls, because gRPC rounds a wait with a deadline up to a millisecond.
#include "bench/load/grpc_loop.h"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "base/check.h"

namespace lockstep::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{30'000};
constexpr milliseconds kProbePatience{20};
constexpr milliseconds kProbeInterval{2};
constexpr std::chrono::seconds kGiveUp{30};

// Calls that rest between two arrivals of an open loop; shared by both threads.
class Pool {
 public:
  explicit Pool(const MakeCall& make) : make_(make) {}
  UnaryCall* take() {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      UnaryCall* call = idle_.back();
      idle_.pop_back();
      return call;
    }
    calls_.push_back(make_(calls_.size()));
    return calls_.back().get();
  }
  void give_back(UnaryCall* call) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(call);
  }

 private:
  const MakeCall& make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<UnaryCall>> calls_;
  std::vector<UnaryCall*> idle_;
};

UnaryCall* next_ended(grpc::CompletionQueue& queue) {
  for (;;) {
    void* tag = nullptr;
    bool ok = false;
    CHECK(queue.Next(&tag, &ok), "nobody shuts the queue down");
    UnaryCall* call = static_cast<UnaryCall*>(tag);
    if (call->step_ended()) return call;
  }
}

void note(Meter& meter, const UnaryCall& call, Moment at) {
  const std::string problem = call.problem();
  problem.empty() ? meter.succeeded(call.due(), at) : meter.failed(problem);
}

void run_closed(grpc::CompletionQueue& queue, const Shape& shape, const MakeCall& make, Meter& meter) {
  std::vector<std::unique_ptr<UnaryCall>> calls;
  for (std::size_t n = 0; n < shape.outstanding; ++n) {
    calls.push_back(make(n));
    calls.back()->begin(now(), kPatience);
  }
  for (;;) {
    UnaryCall* call = next_ended(queue);
    const Moment at = now();
    if (!meter.advance(at)) break;
    note(meter, *call, at);
    call->begin(now(), kPatience);
  }
  for (std::size_t left = calls.size() - 1; left > 0; --left) next_ended(queue);
}

void run_open(grpc::CompletionQueue& queue, const Shape& shape, const MakeCall& make, Meter& meter) {
  Pool pool(make);
  std::atomic<bool> more = true;
  std::atomic<std::uint64_t> begun = 0;
  std::thread pacer([&] {
    Arrivals arrivals(shape.per_second, now());
    while (more) {
      std::this_thread::sleep_until(arrivals.next());
      ++begun;
      pool.take()->begin(arrivals.next(), kPatience);
      arrivals.take();
    }
  });
  std::uint64_t ended = 0;
  while (more || ended < begun) {
    UnaryCall* call = next_ended(queue);
    const Moment at = now();
    ++ended;
    if (more) {
      more = meter.advance(at);
      if (!more) pacer.join();
      note(meter, *call, at);
    }
    pool.give_back(call);
  }
}

}  // namespace

std::shared_ptr<grpc::Channel> open_channel(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
  return grpc::CreateCustomChannel("ipv4:" + endpoint, grpc::InsecureChannelCredentials(), arguments);
}

void UnaryCall::begin(Moment due, milliseconds patience) {
  due_ = due;
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + patience);
  steps_left_ = steps();  // before the queue can tell of one, in another thread
  send(*context, status_);
  context_ = std::move(context);  // the old one had the memory of the call that send() let go of
}

int run_unary(grpc::CompletionQueue& queue, const Shape& shape, const MakeCall& make) {
  Meter meter(shape);
  shape.open_loop() ? run_open(queue, shape, make, meter) : run_closed(queue, shape, make, meter);
  return meter.report();
}

int run_count(grpc::CompletionQueue& queue, const Shape& shape, const MakeCall& make, std::uint64_t count) {
  std::vector<std::unique_ptr<UnaryCall>> calls;
  std::uint64_t begun = 0;
  for (; begun < std::min<std::uint64_t>(shape.outstanding, count); ++begun) {
    calls.push_back(make(begun));
    calls.back()->begin(now(), kPatience);
  }
  for (std::uint64_t ended = 0; ended < count; ++ended) {
    UnaryCall* call = next_ended(queue);
    if (const std::string problem = call->problem(); !problem.empty()) {
      std::fprintf(stderr, "%s\n", problem.c_str());
      return 1;
    }
    if (begun++ < count) call->begin(now(), kPatience);
  }
  return 0;
}

int run_outage(grpc::CompletionQueue& queue, std::size_t targets, const MakeCall& make, int signal,
               int process) {
  std::vector<std::unique_ptr<UnaryCall>> calls;
  for (std::size_t n = 0; n < targets; ++n) {  // connected and known to work
    calls.push_back(make(n));
    calls.back()->begin(now(), kPatience);
    if (const std::string problem = next_ended(queue)->problem(); !problem.empty()) {
      std::fprintf(stderr, "before the strike: %s\n", problem.c_str());
      return 1;
    }
  }
  const Moment begin = strike(signal, process);
  std::atomic<bool> more = true;
  std::uint64_t probes = 0;
  std::thread prober([&] {
    for (Moment next = begin; more; next += kProbeInterval) {
      std::this_thread::sleep_until(next);
      for (std::size_t n = 0; n < targets; ++n) {
        calls.push_back(make(n));
        ++probes;
        calls.back()->begin(now(), kProbePatience);
      }
    }
  });
  std::uint64_t failed = 0;
  Moment at = begin;
  while (at - begin < kGiveUp) {
    const std::string problem = next_ended(queue)->problem();
    at = now();
    if (problem.empty()) break;
    ++failed;
  }
  more = false;
  prober.join();
  for (std::uint64_t ended = failed + 1; ended < probes; ++ended) next_ended(queue);
  return at - begin < kGiveUp ? report_outage(begin, at, probes, failed) : 1;
}

}  // namespace lockstep::bench
