// One post per flush, one wake-up per burst.
#include "net/api/grpc_bridge.h"

#include <utility>

namespace lockstep::api {

void GrpcBridge::flush() {
  if (asks_.empty() && withdrawn_.empty()) return;
  auto asks = std::make_shared<std::vector<Ask>>(std::exchange(asks_, {}));
  loop_.post([self = shared_from_this(), asks, withdrawn = std::exchange(withdrawn_, {})] {
    self->carry_out(std::move(*asks));
    self->take_back(withdrawn);
  });
}

std::vector<GrpcBridge::Answer> GrpcBridge::take_answers() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void GrpcBridge::carry_out(std::vector<Ask> asks) {
  if (gateway_ == nullptr) return;
  for (Ask& ask : asks) {
    if (ask.request.what == wire::Request::kQuery) {
      carry_out_query(std::move(ask));
      continue;
    }
    const bool wants_facts = ask.request.what == wire::Request::kStatus;
    gateway_->call_encoded(std::move(ask.request), ask.access, ask.timeout,
                           [self = shared_from_this(), call = ask.call, wants_facts](BytesView reply) {
                             self->on_reply(call, wants_facts, reply);
                           });
  }
}

void GrpcBridge::carry_out_query(Ask ask) {
  Peer& peer = peers_[ask.peer];
  if (!peer.guest) peer.guest = gateway_->receive_guest();
  ++peer.queries;
  const std::uint64_t number = gateway_->call_encoded(
      std::move(ask.request), ask.access, ask.timeout,
      [self = shared_from_this(), call = ask.call](BytesView reply) {
        self->forget_query(call);
        self->on_reply(call, false, reply);
      },
      peer.guest.get());
  queries_[ask.call] = {number, std::move(ask.peer)};
}

void GrpcBridge::forget_query(std::uint64_t call) {
  const auto query = queries_.extract(call);
  const auto peer = query.empty() ? peers_.end() : peers_.find(query.mapped().peer);
  if (peer == peers_.end()) return;
  --peer->second.queries;
  if (peers_.size() > kMostIdlePeers)
    std::erase_if(peers_, [](const auto& of) { return of.second.queries == 0; });
}

void GrpcBridge::take_back(const std::vector<std::uint64_t>& calls) {
  if (gateway_ == nullptr) return;
  for (const std::uint64_t call : calls) {
    const auto query = queries_.find(call);
    if (query == queries_.end()) continue;
    gateway_->withdraw(query->second.number);
    forget_query(call);
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
