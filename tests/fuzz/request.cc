// What clients send to a node in a simulated world: each request is answered or ignored, and the node serves
// on.
#include "base/check.h"
#include "core/proto/client.pb.h"
#include "core/service/standalone.h"
#include "sim/world.h"
#include "storage/sql/database.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

constexpr NodeId kNode{1};
constexpr NodeId kClient{200};
constexpr std::size_t kMostRequests = 16;

// Remembers whether its last question has been answered.
class Client final : public env::Actor {
 public:
  explicit Client(const env::Env& env) : env_(env) {}
  void start() override {}
  void on_message(NodeId, Channel, BytesView payload) override {
    wire::Reply reply;
    CHECK(reply.ParseFromArray(payload.data(), static_cast<int>(payload.size())), "a reply that parses");
    answered = answered || reply.call() == kLast;
  }
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}
  void say(BytesView payload) { env_.transport.send(kNode, Channel::kRequest, payload); }

  static constexpr std::uint64_t kLast = 0x1a57;
  bool answered = false;

 private:
  env::Env env_;
};

struct Neighbourhood {
  Neighbourhood() {
    sql::initialise_sqlite(1);
    sim::ProcessOptions node;
    node.factory = [](const env::Env& env) {
      return std::make_unique<service::StandaloneNode>(env, service::StandaloneConfig{});
    };
    sim::ProcessOptions caller;
    caller.factory = [this](const env::Env& env) {
      auto process = std::make_unique<Client>(env);
      client = process.get();
      return process;
    };
    world.add_process(kNode, std::move(node));
    world.add_process(kClient, std::move(caller));
    world.start(kNode);
    world.start(kClient);
  }

  sim::World world{sim::WorldOptions{.seed = 1}};
  Client* client = nullptr;
};

}  // namespace

// Sized requests, one after another; what follows the last whole one is one, too.
void request(BytesView input) {
  Neighbourhood all;
  ByteReader in(input);
  for (std::size_t i = 0; i < kMostRequests && !in.at_end(); ++i) {
    const std::size_t before = in.offset();
    const auto bytes = in.sized();
    all.client->say(bytes ? *bytes : input.substr(before));
    if (!bytes) break;
    all.world.run_for(std::chrono::milliseconds(20));
  }
  wire::Request last;
  last.set_call(Client::kLast);
  last.mutable_status();
  all.client->say(last.SerializeAsString());
  for (int i = 0; i < 1'000 && !all.client->answered; ++i) all.world.run_for(std::chrono::milliseconds(10));
  CHECK(all.world.is_alive(kNode) && all.client->answered, "the node serves on");
}

}  // namespace lockstep::fuzz
