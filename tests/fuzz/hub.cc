// What edges and the cloud send to a hub in a simulated world, sensing, control and packages alike: it takes
// it or leaves it, and goes on.
#include "base/check.h"
#include "core/proto/field.pb.h"
#include "core/service/node.h"
#include "hub/hub_process.h"
#include "sim/world.h"
#include "storage/series/block.h"
#include "storage/sql/database.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

constexpr NodeId kHub{1};
constexpr NodeId kStranger{10001};
constexpr NodeId kEdge{10002};
constexpr std::size_t kMostMessages = 32;

class Party final : public env::Actor {
 public:
  explicit Party(const env::Env& env) : env_(env) {}
  void start() override {}
  void on_message(NodeId, Channel, BytesView payload) override {
    wire::FieldMessage message;
    CHECK(message.ParseFromArray(payload.data(), static_cast<int>(payload.size())), "a message that parses");
    if (message.has_batch_ack()) received = message.batch_ack().received();
  }
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}
  void say(BytesView payload) { env_.transport.send(kHub, Channel::kField, payload); }

  std::uint64_t received = 0;

 private:
  env::Env env_;
};

wire::FieldMessage greeting() {
  wire::FieldMessage message;
  message.mutable_hello()->set_role(wire::EDGE);
  message.mutable_hello()->set_name("e2");
  return message;
}

wire::FieldMessage good_batch() {
  wire::FieldMessage message;
  wire::SensorBatch& batch = *message.mutable_batch();
  batch.set_buffer(1);
  batch.set_sequence(1);
  const series::Point point{1, 1.0};
  batch.add_blocks()->set_series("e2/tank/level");
  batch.mutable_blocks(0)->set_points(series::pack(std::span(&point, 1)));
  return message;
}

class Field {
 public:
  Field() : world_(sim::WorldOptions{.seed = 1}) {
    sql::initialise_sqlite(1);
    sim::ProcessOptions process;
    process.factory = [](const env::Env& env) {
      return std::make_unique<hub::HubProcess>(
          env, hub::HubConfig{}, [](const env::Env& inner, service::FeedSubscriber& subscriber) {
            service::NodeConfig config;
            config.replica.raft.self = kHub;
            config.replica.raft.voters = {kHub};
            config.replica.raft.seed = inner.seed;
            return service::make_followed_node(inner, std::move(config), subscriber);
          });
    };
    world_.add_process(kHub, std::move(process));
    world_.start(kHub);
    stranger_ = add_party(kStranger);
    edge_ = add_party(kEdge);
    world_.run_for(std::chrono::seconds(1));
  }
  void say(BytesView payload) {
    stranger_->say(payload);
    world_.run_for(std::chrono::milliseconds(20));
  }
  void restart() {
    world_.power_loss(kHub);
    world_.start(kHub);
    world_.run_for(std::chrono::seconds(1));
  }
  void must_go_on() {
    world_.run_for(std::chrono::seconds(1));
    for (int i = 0; i < 10 && edge_->received == 0; ++i) {
      edge_->say(greeting().SerializeAsString());
      edge_->say(good_batch().SerializeAsString());
      world_.run_for(std::chrono::seconds(1));
    }
    CHECK(edge_->received == 1, "the hub goes on");
  }

 private:
  Party* add_party(NodeId node) {
    Party* party = nullptr;
    sim::ProcessOptions process;
    process.factory = [&party](const env::Env& env) {
      auto made = std::make_unique<Party>(env);
      party = made.get();
      return made;
    };
    world_.add_process(node, std::move(process));
    world_.start(node);
    return party;
  }

  sim::World world_;
  Party* stranger_ = nullptr;
  Party* edge_ = nullptr;
};

}  // namespace

// Sized messages, one after another, each in its own form (the first byte says whether a power loss comes
// before it); what follows the last whole one is one, too.
void hub_message(BytesView input) {
  Field field;
  ByteReader in(input);
  for (std::size_t i = 0; i < kMostMessages && !in.at_end(); ++i) {
    if (*in.u8() % 8 == 7) field.restart();
    const std::size_t before = in.offset();
    const auto bytes = in.sized();
    field.say(bytes ? *bytes : input.substr(before));
    if (!bytes) break;
  }
  field.must_go_on();
}

}  // namespace lockstep::fuzz
