// What hubs send to an edge in a simulated world, control and sensing alike: it takes it or leaves it,
// executes nothing twice, and goes on.
#include <map>

#include "base/check.h"
#include "core/proto/field.pb.h"
#include "edge/edge_process.h"
#include "edge/events.h"
#include "sim/world.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

constexpr NodeId kHub{1};
constexpr NodeId kEdge{10001};
constexpr std::size_t kMostMessages = 32;

class Devices final : public edge::Driver {
 public:
  const std::vector<devices::DeviceInfo>& devices() const override { return info_; }
  void sample(std::size_t, std::vector<edge::Sample>& samples) override { samples.push_back({0, 300}); }
  Status actuate(std::size_t, std::string_view, double value) override {
    CHECK(value >= 0 && value <= 1, "the heater was told ", value);
    return {};
  }

 private:
  std::vector<devices::DeviceInfo> info_ = {{.name = "tank",
                                             .kind = "tank",
                                             .signals = {{"level", "m", 0, 1, 0, 1, 0}},
                                             .actuators = {{"heater", "1", 0, 1}},
                                             .controlled = "level"}};
};

class Hub final : public env::Actor {
 public:
  explicit Hub(const env::Env& env) : env_(env) {}
  void start() override {}
  void on_message(NodeId, Channel, BytesView payload) override {
    wire::FieldMessage message;
    CHECK(message.ParseFromArray(payload.data(), static_cast<int>(payload.size())), "a message that parses");
    batches += message.has_batch() ? 1 : 0;
  }
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}
  void say(BytesView payload) { env_.transport.send(kEdge, Channel::kField, payload); }
  void lead() {
    wire::FieldMessage welcome;
    welcome.mutable_welcome()->set_leads(true);
    welcome.mutable_welcome()->set_credit(4);
    say(welcome.SerializeAsString());
  }

  std::uint64_t batches = 0;

 private:
  env::Env env_;
};

// At most once for each number, whatever was said, but for what may be repeated.
class Executed final : public sim::Observer {
 public:
  void on_event(const sim::Recorded& recorded) override {
    const auto& fields = recorded.event.fields;
    CHECK(recorded.event.type != &edge::kEdgeStopped, "the edge stopped: ", recorded.event.text);
    if (recorded.event.type == &edge::kExecuted)
      CHECK(++times_[fields[0]] <= fields[2], "instruction ", fields[0], " again");
  }

 private:
  std::map<std::uint64_t, std::uint64_t> times_;
};

}  // namespace

// Sized messages, one after another, each in its own form (the first byte says how many power losses come
// before it); what follows the last whole one is one, too.
void field_message(BytesView input) {
  Devices devices;
  Executed executed;
  Hub* hub = nullptr;
  sim::World world(sim::WorldOptions{.seed = 1});
  sim::ProcessOptions process;
  process.factory = [&](const env::Env& env) {
    auto made = std::make_unique<Hub>(env);
    hub = made.get();
    return made;
  };
  world.add_process(kHub, std::move(process));
  world.start(kHub);
  process.factory = [&](const env::Env& env) {
    edge::EdgeConfig config;
    config.name = "e";
    config.link.hubs = {kHub};
    return std::make_unique<edge::EdgeProcess>(env, config, devices);
  };
  world.add_process(kEdge, std::move(process));
  world.recorder().subscribe_all(executed);
  world.start(kEdge);
  world.run_for(std::chrono::milliseconds(200));
  hub->lead();
  ByteReader in(input);
  for (std::size_t i = 0; i < kMostMessages && !in.at_end(); ++i) {
    if (*in.u8() % 8 == 7) {
      world.power_loss(kEdge);
      world.start(kEdge);
      hub->lead();
      world.run_for(std::chrono::milliseconds(100));
    }
    const std::size_t before = in.offset();
    const auto bytes = in.sized();
    hub->say(bytes ? *bytes : input.substr(before));
    if (!bytes) break;
    world.run_for(std::chrono::milliseconds(20));
  }
  const std::uint64_t batches = hub->batches;
  hub->lead();
  world.run_for(std::chrono::seconds(10));
  CHECK(hub->batches > batches, "the edge goes on");
}

}  // namespace lockstep::fuzz
