// A host that sends requests as they are, without the client library, and remembers what it is told.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "base/env/actor.h"
#include "core/proto/client.pb.h"
#include "sim/world.h"

namespace lockstep::tests {

inline constexpr NodeId kStranger{200};

class Stranger : public env::Actor {
 public:
  explicit Stranger(const env::Env& env) : env_(env) {}
  // Owned by the world.
  static Stranger* enter(sim::World& world) {
    Stranger* stranger = nullptr;
    sim::ProcessOptions options;
    options.factory = [&stranger](const env::Env& env) {
      auto process = std::make_unique<Stranger>(env);
      stranger = process.get();
      return process;
    };
    world.add_process(kStranger, std::move(options));
    world.start(kStranger);
    return stranger;
  }

  void start() override {}
  void on_message(NodeId, Channel, BytesView payload) override {
    wire::Reply reply;
    ASSERT_TRUE(reply.ParseFromArray(payload.data(), static_cast<int>(payload.size())));
    replies.push_back(std::move(reply));
  }
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}

  void say(NodeId to, BytesView payload) { env_.transport.send(to, Channel::kRequest, payload); }
  // Runs the world until the answer is there.
  wire::Reply ask(sim::World& world, NodeId to, wire::Request& request) {
    request.set_call(++calls_);
    replies.clear();
    say(to, request.SerializeAsString());
    for (int i = 0; i < 20'000 && replies.empty(); ++i) world.run_for(std::chrono::milliseconds(1));
    EXPECT_FALSE(replies.empty()) << "no answer";
    return replies.empty() ? wire::Reply() : replies.front();
  }

  std::vector<wire::Reply> replies;

 private:
  env::Env env_;
  std::uint64_t calls_ = 0;
};

}  // namespace lockstep::tests
