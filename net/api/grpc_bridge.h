// Carries calls from gRPC's thread to the loop, and answers back: many at a time, because each crossing costs
// a wake-up.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
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
    std::string peer{};  // the connection that a query came by
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
  // Nobody waits for this query any more.
  void withdraw(std::uint64_t call) { withdrawn_.push_back(call); }
  void flush();
  std::vector<Answer> take_answers();

  // On the loop: the gateway is not touched and nobody is woken any more.
  void close() {
    gateway_ = nullptr;
    peers_.clear();
  }

 private:
  // A connection and its queries under way. Kept for a while without any: there are few, and they come again.
  struct Peer {
    std::shared_ptr<Guest> guest;
    std::size_t queries = 0;
  };
  struct Query {
    std::uint64_t number;  // at the gateway
    std::string peer;
  };
  static constexpr std::size_t kMostIdlePeers = 256;

  void carry_out(std::vector<Ask> asks);
  void carry_out_query(Ask ask);
  void forget_query(std::uint64_t call);
  void take_back(const std::vector<std::uint64_t>& calls);
  void on_reply(std::uint64_t call, bool wants_facts, BytesView reply);
  void hand_over();

  net::EventLoop& loop_;
  std::vector<Ask> asks_;  // gRPC's thread, like withdrawn_
  std::vector<std::uint64_t> withdrawn_;

  Gateway* gateway_;  // the loop
  std::function<void()> wake_;
  std::vector<Answer> burst_;
  std::map<std::uint64_t, Query> queries_;  // by call
  std::map<std::string, Peer> peers_;

  std::mutex mutex_;
  std::vector<Answer> answers_;
};

}  // namespace lockstep::api
