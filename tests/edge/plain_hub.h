// A hub that needs no Raft: its nodes share the books, and one of them leads.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/env/actor.h"
#include "core/proto/field.pb.h"
#include "storage/series/block.h"

namespace lockstep::edge {

// What the hub has committed, whichever of its nodes leads.
struct HubBooks {
  struct Stream {
    std::uint64_t received = 0;
    std::uint64_t seen = 0;                           // the highest number
    std::uint64_t dropped = 0;                        // as the edge said last
    std::map<std::uint64_t, std::uint64_t> readings;  // by sequence
  };
  NodeId leader{1};
  std::uint32_t credit = 4;
  bool settles = true;
  bool tells_gaps = false;
  std::map<std::pair<std::uint64_t, std::uint32_t>, Stream> streams;  // by buffer and number
  std::map<double, int> values;
  std::map<std::uint64_t, int> acks, duplicates;
  std::map<std::uint64_t, wire::InstructionResult> results;
  std::map<std::uint64_t, int> times;  // that a result came
  std::uint64_t settled_floor = 0;
  wire::Hello hello;
  int hellos = 0;
  std::map<std::uint64_t, Bytes> packages;  // of settings, by version
  std::size_t chunk_bytes = 50;
  std::map<std::uint64_t, wire::PackageStatus> statuses;
  std::set<std::string> reasons;
};

class HubNode final : public env::Actor {
 public:
  HubNode(const env::Env& env, HubBooks& books) : env_(env), books_(books) {}
  void start() override {}
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job> job) override { job->done(); }
  void on_message(NodeId from, Channel, BytesView payload) override {
    wire::FieldMessage message;
    ASSERT_TRUE(message.ParseFromArray(payload.data(), static_cast<int>(payload.size())));
    if (message.has_hello()) return greet(from, message.hello());
    if (env_.self != books_.leader) return;
    if (message.has_batch()) return take(from, message.batch());
    if (message.has_instruction_ack()) {
      ++books_.acks[message.instruction_ack().id()];
      if (message.instruction_ack().duplicate()) ++books_.duplicates[message.instruction_ack().id()];
    }
    if (message.has_package_status()) return carry_on(from, message.package_status());
    if (!message.has_result()) return;
    const std::uint64_t id = message.result().id();
    books_.results[id] = message.result();
    ++books_.times[id];
    if (books_.settles) settle(from, id);
  }
  void send(NodeId to, const wire::FieldMessage& message) {
    env_.transport.send(to, Channel::kField, message.SerializeAsString());
  }
  void settle(NodeId to, std::uint64_t id) {
    wire::FieldMessage message;
    message.mutable_settled()->add_ids(id);
    message.mutable_settled()->set_floor(books_.settled_floor);
    send(to, message);
  }

 private:
  void greet(NodeId from, const wire::Hello& hello) {
    books_.hello = hello;
    ++books_.hellos;
    wire::FieldMessage answer;
    answer.mutable_welcome()->set_leads(env_.self == books_.leader);
    answer.mutable_welcome()->set_leader(books_.leader.value());
    answer.mutable_welcome()->set_credit(books_.credit);
    send(from, answer);
  }
  // The next part of the package, if there is one.
  void carry_on(NodeId to, const wire::PackageStatus& status) {
    books_.statuses[status.version()] = status;
    if (!status.reason().empty()) books_.reasons.insert(status.reason());
    const Bytes& package = books_.packages[status.version()];
    if (status.state() != wire::RECEIVING || status.received() >= package.size()) return;
    wire::FieldMessage message;
    message.mutable_chunk()->set_kind(wire::SETTINGS);
    message.mutable_chunk()->set_version(status.version());
    message.mutable_chunk()->set_offset(status.received());
    message.mutable_chunk()->set_data(package.substr(status.received(), books_.chunk_bytes));
    send(to, message);
  }
  void take(NodeId from, const wire::SensorBatch& batch) {
    auto& stream = books_.streams[{batch.buffer(), batch.stream()}];
    if (batch.previous() <= stream.received && stream.received < batch.sequence()) {
      stream.received = batch.sequence();
      for (const wire::SensorBlock& block : batch.blocks()) {
        const auto points = series::unpack(block.points());
        ASSERT_TRUE(points) << points.error().message;
        stream.readings[batch.sequence()] += points->size();
        for (const series::Point& point : *points) ++books_.values[point.value];
      }
    }
    stream.seen = std::max(stream.seen, batch.sequence());
    stream.dropped = std::max(stream.dropped, batch.dropped());
    wire::FieldMessage answer;
    answer.mutable_batch_ack()->set_buffer(batch.buffer());
    answer.mutable_batch_ack()->set_stream(batch.stream());
    answer.mutable_batch_ack()->set_received(stream.received);
    answer.mutable_batch_ack()->set_credit(books_.credit);
    if (books_.tells_gaps && stream.received < stream.seen)
      answer.mutable_batch_ack()->set_gap_after(stream.received);
    send(from, answer);
  }

  env::Env env_;
  HubBooks& books_;
};

}  // namespace lockstep::edge
