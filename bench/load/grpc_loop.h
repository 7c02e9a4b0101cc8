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

// One call at a time, begun again and again. Its address is the tag of the completion queue.
class UnaryCall {
 public:
  virtual ~UnaryCall() = default;

  void begin(Moment due, std::chrono::milliseconds patience);
  Moment due() const { return due_; }
  // Why it failed; empty: it did not.
  std::string problem() const { return status_.ok() ? wrong_answer() : status_.error_message(); }

 protected:
  virtual void send(grpc::ClientContext& context, grpc::Status& status) = 0;
  virtual std::string wrong_answer() const = 0;

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  grpc::Status status_;
  Moment due_;
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
