// A small simulated cluster with one client, for stories about nodes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "core/client/client_process.h"
#include "core/service/node.h"
#include "sim/world.h"
#include "storage/sql/database.h"

namespace lockstep::tests {

class TestCluster {
 public:
  static constexpr NodeId kClient{100};

  explicit TestCluster(std::uint64_t seed, std::uint32_t nodes = 3, service::NodeConfig config = {})
      : seed_(seed), config_(std::move(config)), world_(sim::WorldOptions{.seed = seed}) {
    sql::initialise_sqlite(seed);
    for (std::uint32_t n = 1; n <= nodes; ++n) members_.push_back(NodeId(n));
    for (const NodeId member : members_) add_node(member);
    sim::ProcessOptions options;
    options.factory = [this](const env::Env& env) {
      auto process = std::make_unique<client::ClientProcess>(env, client::Config{.nodes = members_, .seed = env.seed});
      client_ = process.get();
      return process;
    };
    world_.add_process(kClient, std::move(options));
    for (const NodeId member : members_) world_.start(member);
    world_.start(kClient);
  }

  sim::World& world() { return world_; }
  const std::vector<NodeId>& members() const { return members_; }
  service::Node& node(NodeId id) { return *nodes_.at(id); }
  client::ClientProcess& client() { return *client_; }

  // Runs until the answer is there.
  client::Completion execute(const std::string& sql, client::WriteOptions options = {},
                             Duration timeout = std::chrono::seconds(30)) {
    return wait([&](auto then) { client_->write({statement(sql)}, std::move(options), timeout, then); });
  }
  client::Completion execute_all(const std::vector<std::string>& batch) {
    std::vector<wire::Statement> statements;
    for (const std::string& sql : batch) statements.push_back(statement(sql));
    return wait([&](auto then) { client_->write(statements, {}, std::chrono::seconds(30), then); });
  }
  client::Completion query(const std::string& sql, client::ReadOptions options = {},
                           Duration timeout = std::chrono::seconds(30)) {
    return wait([&](auto then) { client_->query(statement(sql), options, timeout, then); });
  }
  std::uint64_t version(const std::string& table, std::optional<NodeId> at = {}) {
    return wait([&](auto then) { client_->get_version(table, at, std::chrono::seconds(30), then); }).reply.version();
  }
  client::Completion maintain(wire::Maintain::What what) {
    return wait([&](auto then) { client_->maintain(what, std::chrono::seconds(30), then); });
  }
  client::Completion close_session() {
    return wait([&](auto then) { client_->close_session(std::chrono::seconds(30), then); });
  }
  wire::StatusReply status(NodeId id) {
    return wait([&](auto then) { client_->status(id, std::chrono::seconds(30), then); }).reply.node_status();
  }
  NodeId leader() {
    for (;;) {
      for (const NodeId member : members_)
        if (world_.is_alive(member) && node(member).replica().view().can_serve) return member;
      world_.run_for(std::chrono::milliseconds(10));
    }
  }

 private:
  static wire::Statement statement(const std::string& sql) {
    wire::Statement made;
    made.set_sql(sql);
    return made;
  }

  template <class Call>
  client::Completion wait(Call call) {
    std::optional<client::Completion> answer;
    call([&](const client::Completion& completion) { answer = completion; });
    while (!answer && world_.step()) {
    }
    return std::move(*answer);
  }

  void add_node(NodeId id) {
    sim::ProcessOptions options;
    options.factory = [this, id](const env::Env& env) {
      service::NodeConfig config = config_;
      config.replica.raft.self = id;
      config.replica.raft.voters = members_;
      config.replica.raft.seed = env.seed;
      auto node = std::make_unique<service::Node>(env, std::move(config));
      nodes_[id] = node.get();
      return node;
    };
    world_.add_process(id, std::move(options));
  }

  std::uint64_t seed_;
  service::NodeConfig config_;
  std::vector<NodeId> members_;
  std::map<NodeId, service::Node*> nodes_;
  client::ClientProcess* client_ = nullptr;
  sim::World world_;
};

}  // namespace lockstep::tests
