// One post per flush, one wake-up per burst.
#include "net/api/grpc_bridge.h"

#include <utility>

namespace lockstep::api {

void GrpcBridge::flush() {
  if (asks_.empty()) return;
  auto asks = std::make_shared<std::vector<Ask>>(std::exchange(asks_, {}));
  loop_.post([self = shared_from_this(), asks] { self->carry_out(std::move(*asks)); });
}

std::vector<GrpcBridge::Answer> GrpcBridge::take_answers() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void GrpcBridge::carry_out(std::vector<Ask> asks) {
  if (gateway_ == nullptr) return;
  for (Ask& ask : asks) {
    const bool wants_facts = ask.request.what == wire::Request::kStatus;
    gateway_->call_encoded(std::move(ask.request), ask.access, ask.timeout,
                           [self = shared_from_this(), call = ask.call, wants_facts](BytesView reply) {
                             self->on_reply(call, wants_facts, reply);
                           });
  }
}

void GrpcBridge::on_reply(std::uint64_t call, bool wants_facts, BytesView reply) {
  if (gateway_ == nullptr) return;
  if (burst_.empty()) loop_.post([self = shared_from_this()] { self->hand_over(); });
  Answer& answer = burst_.emplace_back(call, Bytes(reply));
  if (wants_facts) answer.facts = gateway_->facts();
}

void GrpcBridge::hand_over() {
  if (gateway_ == nullptr) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = answers_.empty();
    if (first) {
      answers_.swap(burst_);
    } else {
      for (Answer& answer : burst_) answers_.push_back(std::move(answer));
    }
  }
  burst_.clear();
  if (first) wake_();
}

}  // namespace lockstep::api
