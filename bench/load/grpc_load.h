// Lockstep's gRPC API under load: unary calls, or streams of sessions with pipelined writes.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/meter.h"
#include "bench/load/workload.h"

namespace lockstep::bench {

// Execute and Query, one call to a request. The exit code.
int run_grpc_unary(const std::string& endpoint, Workload workload, const Shape& shape);

// Writes over one Session stream per connection, closed loop. Requests that are due together share a message,
// as they would with any client that batches what it sends.
int run_grpc_stream(const std::string& endpoint, Workload workload, const Shape& shape);

}  // namespace lockstep::bench
