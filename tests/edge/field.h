// An edge with invented devices and a hub that needs no Raft, in a simulated world.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "core/proto/field.pb.h"
#include "edge/edge_process.h"
#include "edge/events.h"
#include "sim/world.h"

namespace lockstep::edge {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr NodeId kEdge{10001};

// Two devices whose sensors count: no value is ever shown twice. It goes on while the edge is dead.
class Devices final : public Driver {
 public:
  Devices() {
    info_.push_back({.name = "tank",
                     .kind = "tank",
                     .signals = {{"temperature", "K", 0, 1e9, 0, 1e9, 1}, {"level", "m", 0, 1e9, 0, 1e9, 0}},
                     .actuators = {{"heater", "1", 0, 1}, {"inflow", "m3/s", 0, 0.1}},
                     .controlled = "temperature",
                     .set_point = 330,
                     .window = seconds(1)});
    info_.push_back({.name = "motor",
                     .kind = "motor",
                     .signals = {{"speed", "rad/s", 0, 1e9, 0, 1e9, 1}},
                     .actuators = {{"voltage", "V", 0, 24}},
                     .controlled = "speed",
                     .set_point = 100,
                     .window = seconds(1)});
  }
  const std::vector<devices::DeviceInfo>& devices() const override { return info_; }
  void sample(std::size_t device, std::vector<Sample>& samples) override {
    if (silent) return;
    for (std::size_t signal = 0; signal < info_[device].signals.size(); ++signal)
      for (int i = 0; i < burst; ++i) samples.push_back({signal, static_cast<double>(++shown)});
  }
  Status actuate(std::size_t device, std::string_view actuator, double value) override {
    if (broken) return fail(ErrorCode::kUnavailable, "stuck");
    told.push_back(cat(info_[device].name, ".", actuator, "=", value));
    return {};
  }

  bool silent = false;
  int burst = 1;  // readings of each sensor at a time
  std::uint64_t shown = 0;
  bool broken = false;
  std::vector<std::string> told;

 private:
  std::vector<devices::DeviceInfo> info_;
};

// What the hub has committed, whichever of its nodes leads.
struct HubBooks {
  struct Stream {
    std::uint64_t received = 0;
    std::uint64_t dropped = 0;                        // as the edge said last
    std::map<std::uint64_t, std::uint64_t> readings;  // by sequence
  };
  NodeId leader{1};
  std::uint32_t credit = 4;
  bool settles = true;
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
    stream.dropped = std::max(stream.dropped, batch.dropped());
    wire::FieldMessage answer;
    answer.mutable_batch_ack()->set_buffer(batch.buffer());
    answer.mutable_batch_ack()->set_stream(batch.stream());
    answer.mutable_batch_ack()->set_received(stream.received);
    answer.mutable_batch_ack()->set_credit(books_.credit);
    send(from, answer);
  }

  env::Env env_;
  HubBooks& books_;
};

// What the edge has said of itself over all its lives.
class EdgeEvents final : public sim::Observer {
 public:
  struct Batch {
    std::uint64_t readings = 0;
    std::uint64_t dropped = 0;
    int told = 0;
  };
  void on_event(const sim::Recorded& recorded) override {
    const env::Event& event = recorded.event;
    const auto field = [&](std::size_t at) { return event.fields[at]; };
    ++counts[std::string(event.type->name)];
    if (event.type == &kBuffered) {
      Batch& batch = batches[{field(0), field(1), field(2)}];
      batch.readings = field(3);
      ++batch.told;
    } else if (event.type == &kReadingsDropped) {
      batches[{field(0), field(1), field(2)}].dropped += field(3);
    } else if (event.type == &kReadingsRefused) {
      refused += field(1);
    } else if (event.type == &kExecuted) {
      ++executed[field(0)];
    } else if (event.type == &kInstructionEnded) {
      ended[field(0)] = field(2);
    } else if (event.type == &kSlotRead) {
      reads.push_back({field(1), field(3)});
    } else if (event.type == &kEdgeStopped) {
      stopped.push_back(std::string(event.text));
    }
  }
  std::map<std::string, int> counts;
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>, Batch>
      batches;  // buffer, stream, sequence
  std::map<std::uint64_t, int> executed;
  std::map<std::uint64_t, std::uint64_t> ended;
  std::uint64_t refused = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> reads;  // of slots: version and hash
  std::vector<std::string> stopped;
};

class Field {
 public:
  struct Options {
    std::uint64_t seed = 1;
    int hubs = 1;
    EdgeConfig edge{};
  };

  explicit Field(Options options) : config_(std::move(options.edge)), world({.seed = options.seed}) {
    config_.name = "e1";
    for (int node = 1; node <= options.hubs; ++node) {
      config_.link.hubs.push_back(NodeId(static_cast<std::uint64_t>(node)));
      sim::ProcessOptions hub;
      hub.factory = [this](const env::Env& env) {
        auto made = std::make_unique<HubNode>(env, books);
        hubs_[env.self] = made.get();
        return made;
      };
      world.add_process(config_.link.hubs.back(), std::move(hub));
      world.start(config_.link.hubs.back());
    }
    sim::ProcessOptions edge;
    edge.factory = [this](const env::Env& env) {
      auto made = std::make_unique<EdgeProcess>(env, config_, devices);
      process = made.get();
      return made;
    };
    world.add_process(kEdge, std::move(edge));
    world.recorder().subscribe_all(events);
    world.start(kEdge);
  }
  Field() : Field(Options{}) {}

  // From the leader to the edge.
  void send(const wire::FieldMessage& message) { hubs_.at(books.leader)->send(kEdge, message); }
  void send(const wire::Instruction& instruction) {
    wire::FieldMessage message;
    *message.mutable_instruction() = instruction;
    send(message);
  }
  void cancel(std::uint64_t id) {
    wire::FieldMessage message;
    message.mutable_cancel()->set_id(id);
    send(message);
  }
  void settle(std::uint64_t id) { hubs_.at(books.leader)->settle(kEdge, id); }
  void offer(std::uint64_t version, std::optional<std::uint64_t> hash = {}) {
    wire::FieldMessage message;
    message.mutable_package()->set_kind(wire::SETTINGS);
    message.mutable_package()->set_version(version);
    message.mutable_package()->set_bytes(books.packages[version].size());
    message.mutable_package()->set_hash(hash.value_or(hash64(books.packages[version])));
    send(message);
  }
  void activate(std::uint64_t version) {
    wire::FieldMessage message;
    message.mutable_activate()->set_kind(wire::SETTINGS);
    message.mutable_activate()->set_version(version);
    send(message);
  }
  wire::PackageState state(std::uint64_t version) { return books.statuses[version].state(); }
  // Offers and activates it again and again until the edge says that it is active, or will not be.
  void publish(std::uint64_t version) {
    const wire::PackageState now = state(version);
    if (now == wire::ACTIVE || now == wire::REFUSED) return;
    now == wire::STAGED || now == wire::KEPT ? activate(version) : offer(version);
    world.schedule_after(milliseconds(100), [this, version] { publish(version); });
  }
  // Of the edge's wall clock, when nobody has changed it.
  std::int64_t wall_ns() const {
    return (sim::kWallAtBeginning + world.now().time_since_epoch()).time_since_epoch().count();
  }

  sim::Network::RuleId cut() {
    std::vector<NodeId> others = config_.link.hubs;
    return world.network().add_rule(
        std::make_unique<sim::Partition>(std::vector<std::vector<NodeId>>{{kEdge}, others}));
  }
  sim::Network::RuleId disturb(sim::Verdict::Kind kind, std::uint64_t parts_per_million) {
    return world.network().add_rule(
        std::make_unique<sim::RandomFault>(sim::FaultOptions{.parts_per_million = parts_per_million,
                                                             .kind = kind,
                                                             .least_extra = milliseconds(1),
                                                             .most_extra = seconds(1)}));
  }

  // What is wrong with the readings; empty: each came once, or was counted as dropped, or is told to be kept.
  std::string compare() const {
    std::string wrong;
    for (const auto& [value, count] : books.values)
      if (count != 1) wrong += cat("reading ", value, " came ", count, " times; ");
    for (const auto& [name, batch] : events.batches) {
      const auto& [buffer, number, sequence] = name;
      const auto stream = books.streams.find({buffer, static_cast<std::uint32_t>(number)});
      if (stream == books.streams.end() || sequence > stream->second.received) continue;  // still kept
      const auto came = stream->second.readings.find(sequence);
      const std::uint64_t readings = came == stream->second.readings.end() ? 0 : came->second;
      if (readings + batch.dropped < batch.readings)
        wrong += cat("of ", batch.readings, " readings of batch ", sequence, " of stream ", number, ", ",
                     readings, " came and ", batch.dropped, " were dropped; ");
    }
    for (const auto& [id, count] : events.executed)
      if (count > 1) wrong += cat("instruction ", id, " was executed ", count, " times; ");
    return wrong;
  }

 private:
  EdgeConfig config_;
  std::map<NodeId, HubNode*> hubs_;

 public:
  EdgeProcess* process = nullptr;  // of the present life
  Devices devices;
  HubBooks books;
  EdgeEvents events;
  sim::World world;
};

// A package of settings.
inline Bytes package_of(const std::map<std::string, std::string>& settings) {
  Bytes bytes;
  for (const auto& [key, value] : settings) ByteWriter(bytes).sized(key).sized(value);
  return bytes;
}

inline wire::Instruction set(std::uint64_t id, std::string device, std::string actuator, double value,
                             std::string unit) {
  wire::Instruction made;
  made.set_id(id);
  made.set_device("e1/" + device);
  made.set_action("set");
  wire::Parameter& parameter = *made.add_parameters();
  parameter.set_name(actuator);
  parameter.mutable_value()->set_value(value);
  parameter.mutable_value()->set_unit(unit);
  return made;
}
inline wire::Instruction heat(std::uint64_t id, double value) {
  return set(id, "tank", "heater", value, "1");
}

}  // namespace lockstep::edge
