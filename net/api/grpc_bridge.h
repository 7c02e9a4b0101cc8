// Carries calls from gRPC's thread to the loop, and answers back: many at a time, because each crossing costs
// a wake-up.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "net/api/gateway.h"

namespace lockstep::api {

class GrpcBridge : public std::enable_shared_from_this<GrpcBridge> {
 public:
  struct Ask {
    std::uint64_t call = 0;
    EncodedRequest request;
    Access access = Access::kRead;
    Duration timeout{};
  };
  struct Answer {
    std::uint64_t call = 0;
    Bytes reply;
    std::optional<NodeFacts> facts{};  // beside a status
  };

  // `wake`: called on the loop when there are answers to take and there were none before.
  GrpcBridge(Gateway& gateway, std::function<void()> wake)
      : loop_(gateway.loop()), gateway_(&gateway), wake_(std::move(wake)) {}

  // On gRPC's thread.
  void ask(Ask ask) { asks_.push_back(std::move(ask)); }
  void flush();
  std::vector<Answer> take_answers();

  // On the loop: the gateway is not touched and nobody is woken any more.
  void close() { gateway_ = nullptr; }

 private:
  void carry_out(std::vector<Ask> asks);
  void on_reply(std::uint64_t call, bool wants_facts, BytesView reply);
  void hand_over();

  net::EventLoop& loop_;
  std::vector<Ask> asks_;  // gRPC's thread

  Gateway* gateway_;  // the loop
  std::function<void()> wake_;
  std::vector<Answer> burst_;

  std::mutex mutex_;
  std::vector<Answer> answers_;
};

}  // namespace lockstep::api
