// What a whole simulated cluster costs: five real nodes, encoded frames, the trace hash and all oracles on.
//
// Rates are per second of processor time; latencies are short, so that nothing waits for simulated time.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "core/client/client_process.h"
#include "core/service/node.h"
#include "scenarios/simulated_events.h"
#include "scenarios/witness.h"
#include "sim/world.h"
#include "storage/sql/database.h"

namespace lockstep::scenarios {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kNodes = 5;
constexpr std::uint64_t kMostClients = 8;
constexpr NodeId kFirstClient{100};

// A client that keeps a number of writes in flight: each answer begins the next.
class Writer final : public client::ClientProcess {
 public:
  Writer(const env::Env& env, client::Config config) : ClientProcess(env, std::move(config)) {}

  void keep_outstanding(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) write_one();
  }
  std::uint64_t committed() const { return committed_; }

 private:
  void write_one() {
    wire::Statement insert;
    insert.set_sql("INSERT INTO written(body) VALUES(?1)");
    insert.add_parameters()->set_text(std::string(100, 'x'));
    write({std::move(insert)}, {}, seconds(30), [this](const client::Completion& done) {
      CHECK(done.conclusion == client::Conclusion::kDone, done.reply.message());
      CHECK(done.reply.write().result().outcome() == static_cast<std::uint32_t>(sql::Outcome::kOk));
      ++committed_;
      write_one();
    });
  }

  std::uint64_t committed_ = 0;
};

class Cluster {
 public:
  explicit Cluster(std::uint64_t clients) {
    sql::initialise_sqlite(1);
    witness_.attend(events_);
    for (std::uint32_t n = 1; n <= kNodes; ++n) members_.push_back(NodeId(n));
    for (const NodeId member : members_) add_node(member);
    for (std::uint64_t n = 0; n < clients; ++n) add_client(NodeId(kFirstClient.value() + n));
    world_.run_for(seconds(2));
  }

  sim::World& world() { return world_; }

  void create_table() {
    bool created = false;
    wire::Statement create;
    create.set_sql("CREATE TABLE written(id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    writers_.front()->write({create}, {}, seconds(30), [&](const client::Completion&) { created = true; });
    while (!created && world_.step()) {
    }
  }
  void keep_outstanding(std::uint64_t count) {
    for (Writer* writer : writers_) writer->keep_outstanding(count / writers_.size());
  }
  std::uint64_t committed() const {
    std::uint64_t sum = 0;
    for (const Writer* writer : writers_) sum += writer->committed();
    return sum;
  }
  // Everything was for nothing if an oracle was not content.
  void check_verdicts() const {
    for (const reports::Verdict& verdict : witness_.verdicts())
      CHECK(verdict.outcome == reports::Outcome::kHolds, verdict.name);
  }

 private:
  static sim::ProcessOptions process_options() {
    sim::ProcessOptions options;
    options.disk.sync = {.median = microseconds(200), .p99 = microseconds(500)};
    return options;
  }
  void add_node(NodeId id) {
    sim::ProcessOptions options = process_options();
    options.factory = [this, id](const env::Env& env) {
      service::NodeConfig config;
      config.replica.raft.self = id;
      config.replica.raft.voters = members_;
      config.replica.raft.heartbeat_interval = milliseconds(50);
      config.replica.raft.election_timeout = milliseconds(300);
      config.replica.raft.seed = env.seed;
      return std::make_unique<service::Node>(env, std::move(config));
    };
    world_.add_process(id, std::move(options));
    world_.start(id);
  }
  void add_client(NodeId id) {
    sim::ProcessOptions options = process_options();
    options.factory = [this](const env::Env& env) {
      auto writer = std::make_unique<Writer>(env, client::Config{.nodes = members_, .seed = env.seed});
      writers_.push_back(writer.get());
      return writer;
    };
    world_.add_process(id, std::move(options));
    world_.start(id);
  }

  Witness witness_{{.voters = kNodes}};  // outlives the world
  sim::World world_{{.seed = 1, .latency = {.median = microseconds(100), .p99 = microseconds(200)}}};
  scenarios::SimulatedEvents events_{world_.recorder()};
  std::vector<NodeId> members_;
  std::vector<Writer*> writers_;  // owned by the world
};

benchmark::Counter rate(std::uint64_t count) {
  return benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsRate);
}

void idle_five_nodes(benchmark::State& state) {
  Cluster cluster(0);
  const std::uint64_t before = cluster.world().network().delivered();
  std::uint64_t simulated = 0;
  for (auto _ : state) {
    cluster.world().run_for(seconds(1));
    ++simulated;
  }
  cluster.check_verdicts();
  state.counters["messages/s"] = rate(cluster.world().network().delivered() - before);
  state.counters["simulated_s/s"] = rate(simulated);
}
BENCHMARK(idle_five_nodes)->Unit(benchmark::kMicrosecond);

// One iteration is a hundred simulated milliseconds.
void commits_five_nodes(benchmark::State& state) {
  const auto outstanding = static_cast<std::uint64_t>(state.range(0));
  Cluster cluster(std::min(outstanding, kMostClients));
  cluster.create_table();
  cluster.keep_outstanding(outstanding);
  cluster.world().run_for(milliseconds(100));
  const std::uint64_t before = cluster.committed();
  for (auto _ : state) cluster.world().run_for(milliseconds(100));
  cluster.check_verdicts();
  state.counters["commits/s"] = rate(cluster.committed() - before);
}
BENCHMARK(commits_five_nodes)
    ->ArgName("outstanding")
    ->Arg(1)
    ->Arg(64)
    ->Arg(256)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lockstep::scenarios

BENCHMARK_MAIN();
