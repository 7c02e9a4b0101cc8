// Unary gRPC calls under load: one completion queue, closed or open loop; and probes while a leader is away.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/meter.h"

namespace lockstep::bench {

// A channel of its own connection (gRPC would share one), quick to connect again.
std::shared_ptr<grpc::Channel> open_channel(const std::string& endpoint);

// One call at a time, begun again and again. Its address is the tag of each of its steps.
class UnaryCall {
 public:
  virtual ~UnaryCall() = default;

  void begin(Moment due, std::chrono::milliseconds patience);
  // Whether the call has ended: the queue has told of all its steps. The last one begun need not be the last
  // one told, and gRPC writes to the call for each.
  bool step_ended() { return --steps_left_ == 0; }
  Moment due() const { return due_; }
  // Why it failed; empty: it did not.
  std::string problem() const { return status_.ok() ? wrong_answer() : status_.error_message(); }

 protected:
  // Steps that send() begins.
  virtual int steps() const { return 1; }
  virtual void send(grpc::ClientContext& context, grpc::Status& status) = 0;
  virtual std::string wrong_answer() const = 0;

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  grpc::Status status_;
  Moment due_;
  int steps_left_ = 0;
};

// Makes the call number n, of the n-th connection modulo their count.
using MakeCall = std::function<std::unique_ptr<UnaryCall>(std::size_t number)>;

int run_unary(grpc::CompletionQueue& queue, const Shape& shape, const MakeCall& make);

// So many calls, one after the other for each of the outstanding ones; no measurement.
int run_count(grpc::CompletionQueue& queue, const Shape& shape, const MakeCall& make, std::uint64_t count);

// Strikes the process, then makes a call to each of `targets` every two milliseconds until one succeeds.
int run_outage(grpc::CompletionQueue& queue, std::size_t targets, const MakeCall& make, int signal,
               int process);

}  // namespace lockstep::bench
