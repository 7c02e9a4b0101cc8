// Three nodes with hubs in a simulated world, and a field of scripted edges, for stories about the hub.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/client/client_process.h"
#include "core/proto/field.pb.h"
#include "core/service/node.h"
#include "hub/hub_process.h"
#include "sim/world.h"
#include "storage/series/block.h"
#include "storage/sql/database.h"

namespace lockstep::tests {

inline constexpr NodeId kEdge{10'001};
inline constexpr NodeId kCloud{20'001};

// Says what it is told to say and remembers what it hears. A leader that does not know who speaks is told,
// and hears what was said last once more.
class FieldHost : public env::Actor {
 public:
  explicit FieldHost(const env::Env& env) : env_(env) {
    hello_.mutable_hello()->set_role(wire::EDGE);
    hello_.mutable_hello()->set_name("e1");
  }
  void start() override {}
  void on_message(NodeId from, Channel channel, BytesView payload) override {
    if (channel != Channel::kField) return;
    wire::FieldMessage message;
    if (message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      if (introduces_itself && message.has_hello_wanted()) return introduce_to(from);
      heard.emplace_back(from, message);
    }
    if (answer && message.what_case() != wire::FieldMessage::WHAT_NOT_SET) answer(from, message);
  }
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}
  void say(NodeId to, const wire::FieldMessage& message) {
    (message.has_hello() ? hello_ : said_) = message;
    send(to, message);
  }
  // And says once more what was said last, if anything was.
  void introduce_to(NodeId hub) {
    send(hub, hello_);
    if (said_.what_case() != wire::FieldMessage::WHAT_NOT_SET) send(hub, said_);
  }
  // How often a message of this kind was heard.
  std::size_t count(wire::FieldMessage::WhatCase what) const {
    std::size_t found = 0;
    for (const auto& [from, message] : heard) found += message.what_case() == what ? 1 : 0;
    return found;
  }
  // The last message of this kind; an empty one if there was none.
  wire::FieldMessage last(wire::FieldMessage::WhatCase what) const {
    wire::FieldMessage found;
    for (const auto& [from, message] : heard)
      if (message.what_case() == what) found = message;
    return found;
  }

  bool introduces_itself = true;
  std::vector<std::pair<NodeId, wire::FieldMessage>> heard;
  std::function<void(NodeId, const wire::FieldMessage&)> answer;

 private:
  void send(NodeId to, const wire::FieldMessage& message) {
    env_.transport.send(to, Channel::kField, message.SerializeAsString());
  }

  env::Env env_;
  wire::FieldMessage hello_;
  wire::FieldMessage said_;
};

struct Seen {
  NodeId node;
  std::uint16_t number;
  std::array<std::uint64_t, env::kMaxEventFields> fields;
  std::string text;
};

// Keeps the events of the hub.
class HubEvents final : public sim::Observer {
 public:
  void on_event(const sim::Recorded& recorded) override {
    const std::uint16_t number = recorded.event.type->number;
    if (number < 600 || number > 799) return;
    all.push_back({recorded.node, number, recorded.event.fields, std::string(recorded.event.text)});
    if (then) then(recorded);
  }
  std::vector<Seen> of(const env::EventType& type, NodeId node = {}) const {
    std::vector<Seen> found;
    for (const Seen& seen : all)
      if (seen.number == type.number && (node.is_none() || seen.node == node)) found.push_back(seen);
    return found;
  }
  std::vector<Seen> all;
  std::function<void(const sim::Recorded&)> then;
};

class TestHubs {
 public:
  static constexpr NodeId kClient{100};

  explicit TestHubs(std::uint64_t seed, hub::HubConfig config = {})
      : config_(config), world_({.seed = seed}) {
    sql::initialise_sqlite(seed);
    world_.recorder().subscribe_all(events_);
    for (const NodeId member : members_) add_node(member);
    edge_ = add_host(kEdge);
    cloud_ = add_host(kCloud);
    sim::ProcessOptions options;
    options.factory = [this](const env::Env& env) {
      auto process =
          std::make_unique<client::ClientProcess>(env, client::Config{.nodes = members_, .seed = env.seed});
      client_ = process.get();
      return process;
    };
    world_.add_process(kClient, std::move(options));
    world_.start(kClient);
    for (const NodeId member : members_) world_.start(member);
  }

  sim::World& world() { return world_; }
  FieldHost& edge() { return *edge_; }
  FieldHost& cloud() { return *cloud_; }
  HubEvents& events() { return events_; }
  const std::vector<NodeId>& members() const { return members_; }

  void run(Duration duration) { world_.run_for(duration); }
  // Until it holds, or a simulated minute has passed.
  bool run_until(const std::function<bool()>& holds) {
    for (int i = 0; i < 60'000 && !holds(); ++i) world_.run_for(std::chrono::milliseconds(1));
    return holds();
  }
  // The node whose hub leads, when there is one.
  NodeId leader() {
    NodeId found;
    run_until([&] {
      for (const NodeId member : members_)
        if (world_.is_alive(member) && hubs_[member]->leads()) found = member;
      return !found.is_none();
    });
    return found;
  }
  std::optional<wire::StatusReport> report(NodeId member) const { return hubs_.at(member)->report(); }
  // Confirmed by the cluster. One text per row, fields separated by '|'.
  std::vector<std::string> rows(const std::string& sql) {
    std::vector<std::string> lines;
    wire::Statement statement;
    statement.set_sql(sql);
    bool answered = false;
    client_->query(statement, {}, std::chrono::seconds(30), [&](const client::Completion& done) {
      answered = true;
      for (const wire::Row& row : done.reply.query().rows().rows()) lines.push_back(text_of(row));
    });
    run_until([&] { return answered; });
    return lines;
  }
  std::string row(const std::string& sql) {
    const auto all = rows(sql);
    return all.empty() ? "" : all.front();
  }
  bool write(const std::string& sql) {
    wire::Statement statement;
    statement.set_sql(sql);
    bool answered = false;
    bool fine = false;
    client_->write({statement}, {}, std::chrono::seconds(30), [&](const client::Completion& done) {
      answered = true;
      fine = done.reply.write().result().outcome() == static_cast<std::uint32_t>(sql::Outcome::kOk);
    });
    run_until([&] { return answered; });
    return fine;
  }

  // As a program with version 2 of the hub's tables left them.
  bool make_tables_of_version_2() {
    for (const char* column : {"failed", "expired", "cancelled", "refused", "interrupted"})
      if (!write(cat("ALTER TABLE hub_totals DROP COLUMN ", column))) return false;
    return write("UPDATE hub_schema SET version = 2");
  }

 private:
  static std::string text_of(const wire::Row& row) {
    std::string line;
    for (const wire::Value& value : row.values()) {
      if (!line.empty()) line += '|';
      if (value.has_integer()) line += cat(value.integer());
      if (value.has_real()) line += cat(value.real());
      if (value.has_text()) line += value.text();
      if (value.has_blob()) line += cat("blob of ", value.blob().size());
    }
    return line;
  }

  void add_node(NodeId id) {
    sim::ProcessOptions options;
    options.factory = [this, id](const env::Env& env) {
      auto process = std::make_unique<hub::HubProcess>(
          env, config_, [this, id](const env::Env& inner, service::FeedSubscriber& subscriber) {
            service::NodeConfig config;
            config.replica.raft.self = id;
            config.replica.raft.voters = members_;
            config.replica.raft.seed = inner.seed;
            return service::make_followed_node(inner, std::move(config), subscriber);
          });
      hubs_[id] = process.get();
      return process;
    };
    world_.add_process(id, std::move(options));
  }

  FieldHost* add_host(NodeId id) {
    FieldHost* host = nullptr;
    sim::ProcessOptions options;
    options.factory = [&host](const env::Env& env) {
      auto process = std::make_unique<FieldHost>(env);
      host = process.get();
      return process;
    };
    world_.add_process(id, std::move(options));
    world_.start(id);
    return host;
  }

  hub::HubConfig config_;
  HubEvents events_;
  std::vector<NodeId> members_{NodeId(1), NodeId(2), NodeId(3)};
  std::map<NodeId, hub::HubProcess*> hubs_;
  FieldHost* edge_ = nullptr;
  FieldHost* cloud_ = nullptr;
  client::ClientProcess* client_ = nullptr;
  sim::World world_;
};

}  // namespace lockstep::tests
