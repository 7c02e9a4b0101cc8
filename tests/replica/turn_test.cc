// Stories about turns: what a host delivers together shares proposals, rounds and jobs, and nobody else can tell.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "core/client/client_process.h"
#include "core/service/node.h"
#include "sim/events.h"
#include "sim/world.h"
#include "storage/sql/database.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A node on a host that delivers up to `company` frames before it ends a turn. Alarms and jobs always end one.
class SlowHost final : public env::Actor {
 public:
  SlowHost(const env::Env& env, service::NodeConfig config, unsigned company)
      : node_(env, std::move(config)), company_(company) {}
  void start() override { node_.start(); }
  void on_message(NodeId from, Channel channel, BytesView payload) override {
    node_.on_message(from, channel, payload);
    if (channel == Channel::kRequest && ++waiting_ < company_) held_ = true;
  }
  void on_alarm() override { node_.on_alarm(); }
  void on_job_done(std::unique_ptr<env::Job> job) override { node_.on_job_done(std::move(job)); }
  void on_turn_end() override {
    if (std::exchange(held_, false)) return;
    waiting_ = 0;
    node_.on_turn_end();
  }

 private:
  service::Node node_;
  unsigned company_;
  unsigned waiting_ = 0;
  bool held_ = false;
};

class Counter final : public sim::Observer {
 public:
  void on_event(const sim::Recorded& recorded) override { reader_jobs += recorded.event.fields[0] >= 2; }
  std::uint64_t reader_jobs = 0;
};

struct Told {
  std::uint64_t written = 0;
  std::uint64_t read = 0;
  std::uint64_t reader_jobs = 0;
};

// One client with 64 calls outstanding, half of them linearizable counts of what the other half inserts.
class Story {
 public:
  explicit Story(unsigned company) {
    sql::initialise_sqlite(3);
    world_.recorder().subscribe(sim::kJobStarted, counter_);
    for (const NodeId member : members_) add([=, this](const env::Env& env) { return node(env, member, company); }, member);
    add([this](const env::Env& env) {
      auto process = std::make_unique<client::ClientProcess>(env, client::Config{.nodes = members_, .seed = env.seed});
      client_ = process.get();
      return process;
    }, NodeId(100));
    bool created = false;
    client_->write({statement("CREATE TABLE t(a INTEGER PRIMARY KEY)")}, {}, seconds(30),
                   [&](const client::Completion&) { created = true; });
    while (!created) world_.step();
  }

  Told run(std::uint64_t calls) {
    for (int i = 0; i < 32; ++i) write(calls), read(calls);
    while (told_.written < calls || told_.read < calls) world_.step();
    told_.reader_jobs = counter_.reader_jobs;
    return told_;
  }

 private:
  template <class Factory>
  void add(Factory factory, NodeId id) {
    sim::ProcessOptions options;
    options.factory = factory;
    world_.add_process(id, std::move(options));
    world_.start(id);
  }
  std::unique_ptr<env::Actor> node(const env::Env& env, NodeId id, unsigned company) const {
    service::NodeConfig config;
    config.replica.raft.self = id;
    config.replica.raft.voters = members_;
    config.replica.raft.seed = env.seed;
    return std::make_unique<SlowHost>(env, std::move(config), company);
  }
  static wire::Statement statement(const std::string& sql) {
    wire::Statement made;
    made.set_sql(sql);
    return made;
  }
  void write(std::uint64_t calls) {
    client_->write({statement("INSERT INTO t DEFAULT VALUES")}, {}, seconds(60), [=, this](const client::Completion& done) {
      ASSERT_EQ(done.conclusion, client::Conclusion::kDone);
      if (++told_.written < calls) write(calls);
    });
  }
  // Sees all that was acknowledged before it was asked.
  void read(std::uint64_t calls) {
    client_->query(statement("SELECT count(*) FROM t"), {}, seconds(60),
                   [=, this, known = told_.written](const client::Completion& done) {
                     ASSERT_EQ(done.conclusion, client::Conclusion::kDone);
                     const auto& rows = done.reply.query().rows();
                     ASSERT_EQ(rows.rows_size(), 1) << done.reply.ShortDebugString();
                     EXPECT_GE(static_cast<std::uint64_t>(rows.rows(0).values(0).integer()), known);
                     if (++told_.read < calls) read(calls);
                   });
  }

  Counter counter_;  // outlives the world
  sim::World world_{sim::WorldOptions{.seed = 3}};
  const std::vector<NodeId> members_ = {NodeId(1), NodeId(2), NodeId(3)};
  client::ClientProcess* client_ = nullptr;
  Told told_;
};

TEST(Turns, WhatComesTogetherIsServedTogetherAndJustAsWell) {
  const Told alone = Story(1).run(500);
  const Told together = Story(8).run(500);
  for (const Told& told : {alone, together}) {
    EXPECT_GE(told.written, 500u);
    EXPECT_GE(told.read, 500u);
    EXPECT_LT(told.reader_jobs, told.read / 3) << "a job answers several queries";
  }
}

}  // namespace
}  // namespace lockstep::tests
