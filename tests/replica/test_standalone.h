// One standalone node and one client in a simulated world.
#pragma once

#include <optional>
#include <string>

#include "core/client/client_process.h"
#include "core/service/standalone.h"
#include "sim/world.h"
#include "storage/sql/database.h"

namespace lockstep::tests {

inline wire::Statement statement(const std::string& sql) {
  wire::Statement made;
  made.set_sql(sql);
  return made;
}

class TestStandalone {
 public:
  static constexpr NodeId kNode{1};
  static constexpr NodeId kClient{100};

  explicit TestStandalone(std::uint64_t seed, service::StandaloneConfig config = {})
      : config_(std::move(config)), world_(sim::WorldOptions{.seed = seed}) {
    sql::initialise_sqlite(seed);
    sim::ProcessOptions node;
    node.factory = [this](const env::Env& env) {
      auto process = std::make_unique<service::StandaloneNode>(env, config_);
      node_ = process.get();
      return process;
    };
    world_.add_process(kNode, std::move(node));
    sim::ProcessOptions client;
    client.factory = [this](const env::Env& env) {
      const client::Config how{
          .nodes = {kNode}, .attempt_timeout = std::chrono::milliseconds(200), .seed = env.seed};
      auto process = std::make_unique<client::ClientProcess>(env, how);
      client_ = process.get();
      return process;
    };
    world_.add_process(kClient, std::move(client));
    world_.start(kNode);
    world_.start(kClient);
  }

  sim::World& world() { return world_; }
  service::StandaloneNode& node() { return *node_; }
  client::ClientProcess& client() { return *client_; }

  client::Completion execute(const std::string& sql, client::WriteOptions options = {}) {
    return wait([&](auto then) { client_->write({statement(sql)}, options, kTimeout, then); });
  }
  client::Completion query(const std::string& sql, client::ReadOptions options = {}) {
    return wait([&](auto then) { client_->query(statement(sql), options, kTimeout, then); });
  }
  std::uint64_t version(const std::string& table) {
    return wait([&](auto then) { client_->get_version(table, kNode, kTimeout, then); }).reply.version();
  }
  client::Completion maintain(wire::Maintain::What what) {
    return wait([&](auto then) { client_->maintain(what, kTimeout, then); });
  }
  wire::StatusReply status() {
    return wait([&](auto then) { client_->status(kNode, kTimeout, then); }).reply.node_status();
  }

 private:
  static constexpr Duration kTimeout = std::chrono::minutes(5);

  // Runs until the answer is there.
  template <class Call>
  client::Completion wait(Call call) {
    std::optional<client::Completion> answer;
    call([&](const client::Completion& completion) { answer = completion; });
    while (!answer && world_.step()) {
    }
    return std::move(*answer);
  }

  service::StandaloneConfig config_;
  service::StandaloneNode* node_ = nullptr;
  client::ClientProcess* client_ = nullptr;
  sim::World world_;
};

}  // namespace lockstep::tests
