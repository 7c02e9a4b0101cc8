// Lets one body of tests run against every implementation of the ports, by small actors in its world.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "base/env/actor.h"
#include "base/env/function_job.h"

namespace lockstep::contract {

// The reactions of one process, the same in each of its lives. Outlives the harness.
struct Behaviour {
  std::function<void(const env::Env&)> on_start = [](const env::Env&) {};
  std::function<void(const env::Env&, NodeId, Channel, BytesView)> on_message = [](const env::Env&, NodeId,
                                                                                   Channel, BytesView) {};
  std::function<void(const env::Env&)> on_alarm = [](const env::Env&) {};
};

class Harness {
 public:
  virtual ~Harness() = default;
  // The first life of a new process, or its next one after kill().
  virtual void start(NodeId node, Behaviour& behaviour) = 0;
  virtual void kill(NodeId node) = 0;
  // Lets the world run until the condition holds, for at most a while; returns whether it holds.
  virtual bool run_until(const std::function<bool()>& condition) = 0;
  // Lets the world run for about this long of its own time.
  virtual void run_for(Duration duration) = 0;
};

// What test programs are instantiated with.
struct HarnessKind {
  std::string name;
  std::function<std::unique_ptr<Harness>()> make;
};

inline void PrintTo(const HarnessKind& kind, std::ostream* out) { *out << kind.name; }

class BehavingActor final : public env::Actor {
 public:
  BehavingActor(const env::Env& environment, Behaviour& behaviour)
      : env_(environment), behaviour_(behaviour) {}
  void start() override { behaviour_.on_start(env_); }
  void on_message(NodeId from, Channel channel, BytesView payload) override {
    behaviour_.on_message(env_, from, channel, payload);
  }
  void on_alarm() override { behaviour_.on_alarm(env_); }
  void on_job_done(std::unique_ptr<env::Job> job) override { job->done(); }

 private:
  env::Env env_;
  Behaviour& behaviour_;
};

inline void submit(
    const env::Env& env, int lane, std::function<void()> run, std::function<void()> done = [] {}) {
  env.lanes.submit(env::LaneId{static_cast<std::uint8_t>(lane)},
                   env::make_job(
                       [run = std::move(run)] {
                         run();
                         return std::monostate();
                       },
                       [done = std::move(done)](std::monostate) { done(); }));
}

class Contract : public testing::TestWithParam<HarnessKind> {
 protected:
  // Declare behaviours and what they refer to before making the harness.
  std::unique_ptr<Harness> make() { return GetParam().make(); }
};

// Runs `body` on a lane of a fresh process until it is done.
inline void on_lane(Harness& harness, Behaviour& behaviour, NodeId node,
                    std::function<void(const env::Env&)> body) {
  bool done = false;
  behaviour.on_start = [&done, body](const env::Env& env) {
    submit(env, 0, [&env, body] { body(env); }, [&done] { done = true; });
  };
  harness.start(node, behaviour);
  EXPECT_TRUE(harness.run_until([&done] { return done; }));
}

}  // namespace lockstep::contract
