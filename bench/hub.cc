// What a batch of readings costs: three nodes with hubs and fifty edges in the simulator, all on one core.
// Beside what a node has to do for a batch, this counts the simulator's own work, which the real transport's
// replaces.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <deque>
#include <map>

#include "core/proto/field.pb.h"
#include "core/service/node.h"
#include "hub/hub_process.h"
#include "sim/world.h"
#include "storage/series/block.h"
#include "storage/sql/database.h"

namespace {

using namespace lockstep;

constexpr std::int64_t kEdges = 50;
constexpr std::int64_t kReadings = 20;  // of a batch: 20 ms of an edge that reads a thousand times a second
constexpr std::uint64_t kUnderWay = 8;

// Sends batches as fast as they are acknowledged.
class BusyEdge final : public env::Actor {
 public:
  BusyEdge(const env::Env& env, std::int64_t blocks) : env_(env), blocks_(blocks) {}
  void start() override {}
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}
  void on_message(NodeId from, Channel, BytesView payload) override {
    wire::FieldMessage message;
    if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size())) || !message.has_batch_ack())
      return;
    received_ = std::max(received_, message.batch_ack().received());
    send(from);
  }
  void send(NodeId to) {
    while (sent_ < received_ + kUnderWay) {
      const Bytes frame = batch(++sent_).SerializeAsString();
      env_.transport.send(to, Channel::kField, frame);
    }
  }
  std::uint64_t received() const { return received_; }

 private:
  wire::FieldMessage batch(std::uint64_t sequence) const {
    wire::FieldMessage message;
    wire::SensorBatch& batch = *message.mutable_batch();
    batch.set_buffer(env_.self.value());
    batch.set_stream(1);
    batch.set_sequence(sequence);
    batch.set_previous(sequence - 1);
    for (std::int64_t b = 0; b < blocks_; ++b) {
      std::vector<series::Point> points;
      for (std::int64_t i = 0; i < kReadings / blocks_; ++i)
        points.push_back({static_cast<std::int64_t>(sequence) * 20'000'000 + i * 1'000'000 * blocks_,
                          20 + static_cast<double>((sequence * 7 + static_cast<std::uint64_t>(i)) % 13) / 8});
      wire::SensorBlock& block = *batch.add_blocks();
      block.set_series(cat("e", env_.self.value(), "/tank/signal", b));
      block.set_points(series::pack(points));
    }
    return message;
  }

  env::Env env_;
  std::int64_t blocks_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

class BusyField {
 public:
  explicit BusyField(std::int64_t blocks)
      : world_({.seed = 1, .latency = {std::chrono::microseconds(50), std::chrono::microseconds(100)}}) {
    sql::initialise_sqlite(1);
    for (const NodeId member : members_) add_node(member);
    for (std::int64_t i = 0; i < kEdges; ++i)
      add_edge(NodeId(10'001 + static_cast<std::uint64_t>(i)), blocks);
    while (leader_.is_none()) {
      world_.run_for(std::chrono::milliseconds(10));
      for (const auto& [node, hub] : hubs_)
        if (hub->leads()) leader_ = node;
    }
    for (const auto& [node, edge] : edges_) edge->send(leader_);
  }
  std::uint64_t received() const {
    std::uint64_t sum = 0;
    for (const auto& [node, edge] : edges_) sum += edge->received();
    return sum;
  }
  void run() { world_.run_for(std::chrono::milliseconds(20)); }

 private:
  void add_node(NodeId id) {
    sim::ProcessOptions options;
    options.factory = [this, id](const env::Env& env) {
      auto hub = std::make_unique<hub::HubProcess>(
          env, hub::HubConfig{}, [this, id](const env::Env& inner, service::FeedSubscriber& subscriber) {
            service::NodeConfig config;
            config.replica.raft.self = id;
            config.replica.raft.voters = members_;
            config.replica.raft.seed = inner.seed;
            return service::make_followed_node(inner, std::move(config), subscriber);
          });
      hubs_[id] = hub.get();
      return hub;
    };
    world_.add_process(id, std::move(options));
    world_.start(id);
  }
  void add_edge(NodeId id, std::int64_t blocks) {
    sim::ProcessOptions options;
    options.factory = [this, id, blocks](const env::Env& env) {
      auto edge = std::make_unique<BusyEdge>(env, blocks);
      edges_[id] = edge.get();
      return edge;
    };
    world_.add_process(id, std::move(options));
    world_.start(id);
  }

  std::vector<NodeId> members_{NodeId(1), NodeId(2), NodeId(3)};
  std::map<NodeId, hub::HubProcess*> hubs_;
  std::map<NodeId, BusyEdge*> edges_;
  NodeId leader_;
  sim::World world_;
};

// Argument: blocks (series) in a batch.
void Intake(benchmark::State& state) {
  BusyField field(state.range(0));
  const std::uint64_t before = field.received();
  for (auto _ : state) field.run();
  const auto batches = static_cast<double>(field.received() - before);
  state.counters["batches"] = benchmark::Counter(batches, benchmark::Counter::kIsRate);
  state.counters["readings"] = benchmark::Counter(batches * kReadings, benchmark::Counter::kIsRate);
}
BENCHMARK(Intake)->Arg(1)->Arg(2)->Arg(10)->Unit(benchmark::kMillisecond)->MinTime(3);

}  // namespace

BENCHMARK_MAIN();
