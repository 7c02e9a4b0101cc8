// What the calls of the gRPC service share on gRPC's thread: whose answer is whose, who may come in, and the
// end.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <unordered_map>

#include "net/api/grpc_bridge.h"
#include "net/api/grpc_raw.h"
#include "net/api/grpc_types.h"

namespace lockstep::api {

// An operation that gRPC carries out.
class GrpcTag {
 public:
  virtual ~GrpcTag() = default;
  virtual void on_event(bool ok) = 0;
};

// A call that waits for the node.
class GrpcWaiter {
 public:
  virtual ~GrpcWaiter() = default;
  virtual void on_reply(std::uint64_t call, wire::Reply& reply, const std::optional<NodeFacts>& facts) = 0;
  // After everything that was ready at one time has been told; see GrpcDesk::later().
  virtual void on_turn_end() {}
};

// Holds an answer that its caller reads as fast as it likes.
class GrpcHolder {
 public:
  virtual ~GrpcHolder() = default;
  // Lets go of the answer, and ends the call.
  virtual void drop() = 0;
};

struct GrpcLimits {
  // The longest, beside a write's own pause; a shorter deadline of the client's counts.
  Duration call_timeout = std::chrono::seconds(10);
  std::size_t chunk_rows = 1024;  // of a message of rows
  std::size_t chunk_bytes = 128 << 10;
  std::size_t held_bytes = 0;              // of answers that wait to be read, together
  std::size_t session_outstanding = 4096;  // writes of one stream; beyond it the stream is not read
};

class GrpcDesk {
 public:
  GrpcDesk(GrpcBridge& bridge, const Gateway& gateway, const Addresses& addresses, const GrpcLimits& limits)
      : bridge_(bridge), gateway_(gateway), addresses_(addresses), limits_(limits) {}

  RawDatabase& service() { return service_; }
  grpc::ServerCompletionQueue& queue() { return *queue_; }
  void use(grpc::ServerCompletionQueue& queue) { queue_ = &queue; }
  const GrpcLimits& limits() const { return limits_; }

  // By the token in the call's metadata.
  Result<Access> admit(const grpc::ServerContext& context) const;
  // How long an answer to `request` is waited for: no longer than the limit, and of a call than its deadline.
  Duration longest_wait(const wire::Request& request) const;
  Duration time_left(const grpc::ServerContext& context, const wire::Request& request) const;

  // Gives the call's number; `waiter` is told once. `peer`: the connection that a query came by.
  std::uint64_t ask(GrpcWaiter& waiter, wire::Request& request, Access access, Duration timeout,
                    std::string peer = {});
  // The caller of this query has gone. Whether its waiter would still have been told; it is not any more.
  bool withdraw(std::uint64_t call);

  // An answer waits to be read. While all of them together are too large, the largest is dropped.
  void hold(GrpcHolder& holder, std::size_t bytes);
  void let_go(GrpcHolder& holder);

  // Tells the waiters.
  void answer(std::vector<GrpcBridge::Answer> answers);
  // Its on_turn_end() is called at the end of this turn; it asks once a turn, and lives until then.
  void later(GrpcWaiter& waiter) { later_.push_back(&waiter); }
  void end_turn();
  // Everybody who waits, or asks from now on, is told that the node stops.
  void stop() { stopping_ = true; }

  // Calls, and those that wait for a caller. None are left: nothing of theirs comes from the queue any more.
  void began() { ++live_; }
  void ended() { --live_; }
  bool is_over() const { return stopping_ && live_ == 0; }

  v1::ErrorDetail detail_of(const wire::Reply& reply, bool is_write) const {
    return error_detail(reply, is_write, addresses_);
  }
  std::string address_of(NodeId node) const;
  // Of a reply that is no answer; says in the context's trailing metadata who leads.
  grpc::Status refuse(grpc::ServerContext& context, const wire::Reply& reply, bool is_write) const;

 private:
  GrpcBridge& bridge_;
  const Gateway& gateway_;
  const Addresses& addresses_;
  const GrpcLimits& limits_;
  RawDatabase service_;
  grpc::ServerCompletionQueue* queue_ = nullptr;
  std::unordered_map<std::uint64_t, GrpcWaiter*> waiting_;
  std::vector<GrpcWaiter*> later_;
  std::unordered_map<GrpcHolder*, std::size_t> held_;  // with their bytes
  std::size_t held_bytes_ = 0;
  std::uint64_t next_call_ = 0;
  std::size_t live_ = 0;
  bool stopping_ = false;
};

grpc::Status refuse_token(const Error& error);
wire::Reply bad_request(std::string message);

}  // namespace lockstep::api
