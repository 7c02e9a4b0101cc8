// Small processes for tests of the simulated world: their behaviour is given as callbacks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/env/actor.h"
#include "base/env/function_job.h"
#include "sim/world.h"

namespace lockstep::sim {

class ScriptedActor;

// What the lives of one process do, and where tests look; outlives the world.
struct Script {
  std::function<void(ScriptedActor&)> on_start = [](ScriptedActor&) {};
  std::function<void(ScriptedActor&, NodeId, BytesView)> on_message = [](ScriptedActor&, NodeId, BytesView) {
  };
  std::function<void(ScriptedActor&)> on_alarm = [](ScriptedActor&) {};
  std::vector<std::string> log;
};

class ScriptedActor final : public env::Actor {
 public:
  ScriptedActor(const env::Env& environment, Script& script) : env(environment), script_(script) {}
  ~ScriptedActor() override { script_.log.push_back("actor destroyed"); }
  void start() override { script_.on_start(*this); }
  void on_message(NodeId from, Channel, BytesView payload) override {
    script_.on_message(*this, from, payload);
  }
  void on_alarm() override { script_.on_alarm(*this); }
  void on_job_done(std::unique_ptr<env::Job> job) override { job->done(); }

  void send(std::uint64_t to, BytesView payload) { env.transport.send(NodeId(to), Channel::kRaft, payload); }
  void run_job(int lane, std::function<void()> run, std::function<void()> done = [] {});
  void say(std::string text) { script_.log.push_back(std::move(text)); }

  env::Env env;

 private:
  Script& script_;
};

inline void ScriptedActor::run_job(int lane, std::function<void()> run, std::function<void()> done) {
  env.lanes.submit(env::LaneId{static_cast<std::uint8_t>(lane)},
                   env::make_job(
                       [run = std::move(run)] {
                         run();
                         return std::monostate();
                       },
                       [done = std::move(done)](std::monostate) { done(); }));
}

// Adds and starts.
inline void run_script(World& world, std::uint64_t node, Script& script, ProcessOptions options = {}) {
  options.factory = [&script](const env::Env& env) { return std::make_unique<ScriptedActor>(env, script); };
  world.add_process(NodeId(node), std::move(options));
  world.start(NodeId(node));
}

// Remembers the events of the types it was subscribed to.
class EventLog final : public Observer {
 public:
  struct Line {
    SimTime time;
    NodeId node;
    Incarnation incarnation;
    std::string_view type;
    std::array<std::uint64_t, env::kMaxEventFields> fields;
    std::string text;
  };
  void on_event(const Recorded& recorded) override {
    lines.push_back({recorded.time, recorded.node, recorded.incarnation, recorded.event.type->name,
                     recorded.event.fields, std::string(recorded.event.text)});
  }
  std::vector<Line> lines;
};

}  // namespace lockstep::sim
