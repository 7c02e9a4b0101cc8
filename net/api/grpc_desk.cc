// Numbers, tokens, deadlines and errors of gRPC calls.
#include "net/api/grpc_desk.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "net/api/serving.h"

namespace lockstep::api {
namespace {

wire::Reply stopping_reply() {
  wire::Reply reply;
  reply.set_status(wire::STOPPED);
  reply.set_message("this node is shutting down");
  return reply;
}

}  // namespace

Result<Access> GrpcDesk::admit(const grpc::ServerContext& context) const {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return gateway_.authenticate("");
  return gateway_.authenticate(bearer_token({found->second.data(), found->second.size()}));
}

Duration GrpcDesk::longest_wait(const wire::Request& request) const {
  return patience_with(request, limits_.call_timeout);
}

Duration GrpcDesk::time_left(const grpc::ServerContext& context, const wire::Request& request) const {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  return std::min(longest_wait(request), std::chrono::duration_cast<Duration>(left));
}

std::uint64_t GrpcDesk::ask(GrpcWaiter& waiter, wire::Request& request, Access access, Duration timeout,
                            std::string peer) {
  const std::uint64_t call = ++next_call_;
  set_patience(request, timeout);
  waiting_.emplace(call, &waiter);
  bridge_.ask({.call = call,
               .request = {request.what_case(), request.SerializeAsString()},
               .access = access,
               .timeout = timeout,
               .peer = std::move(peer)});
  return call;
}

bool GrpcDesk::withdraw(std::uint64_t call) {
  if (waiting_.erase(call) == 0) return false;
  bridge_.withdraw(call);
  return true;
}

void GrpcDesk::hold(GrpcHolder& holder, std::size_t bytes) {
  held_[&holder] = bytes;
  held_bytes_ += bytes;
  while (held_bytes_ > limits_.held_bytes && held_.size() > 1) {
    GrpcHolder* const greediest =
        std::ranges::max_element(held_, {}, [](const auto& of) { return of.second; })->first;
    let_go(*greediest);
    greediest->drop();
  }
}

void GrpcDesk::let_go(GrpcHolder& holder) {
  const auto held = held_.extract(&holder);
  if (!held.empty()) held_bytes_ -= held.mapped();
}

void GrpcDesk::answer(std::vector<GrpcBridge::Answer> answers) {
  for (const GrpcBridge::Answer& answer : answers) {
    const auto waiter = waiting_.extract(answer.call);
    if (waiter.empty()) continue;  // told when the node began to stop
    wire::Reply reply;
    CHECK(reply.ParseFromString(answer.reply), "the gateway's reply does not parse");
    waiter.mapped()->on_reply(answer.call, reply, answer.facts);
  }
}

void GrpcDesk::end_turn() {
  do {
    while (stopping_ && !waiting_.empty()) {
      const auto waiter = waiting_.extract(waiting_.begin());
      wire::Reply reply = stopping_reply();
      waiter.mapped()->on_reply(waiter.key(), reply, std::nullopt);
    }
    for (GrpcWaiter* waiter : std::exchange(later_, {})) waiter->on_turn_end();
  } while (stopping_ && !(waiting_.empty() && later_.empty()));
  bridge_.flush();
}

std::string GrpcDesk::address_of(NodeId node) const {
  const auto found = addresses_.find(node);
  return found == addresses_.end() ? std::string() : found->second;
}

grpc::Status GrpcDesk::refuse(grpc::ServerContext& context, const wire::Reply& reply, bool is_write) const {
  const v1::ErrorDetail detail = detail_of(reply, is_write);
  if (detail.leader() != 0) {
    context.AddTrailingMetadata("lockstep-leader", cat(detail.leader()));
    if (!detail.leader_address().empty())
      context.AddTrailingMetadata("lockstep-leader-address", detail.leader_address());
  }
  return to_status(detail);
}

grpc::Status refuse_token(const Error& error) {
  v1::ErrorDetail detail;
  detail.set_reason(v1::REASON_TOKEN);
  detail.set_message(error.message);
  return to_status(detail);
}

wire::Reply bad_request(std::string message) {
  wire::Reply reply;
  reply.set_status(wire::BAD_REQUEST);
  reply.set_message(std::move(message));
  return reply;
}

}  // namespace lockstep::api
