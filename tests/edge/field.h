// An edge with invented devices and a hub that needs no Raft, in a simulated world.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/hash.h"
#include "edge/edge_process.h"
#include "edge/events.h"
#include "sim/world.h"
#include "tests/edge/counting_devices.h"
#include "tests/edge/plain_hub.h"

namespace lockstep::edge {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr NodeId kEdge{10001};

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
    } else if (event.type == &kSlotStaged) {
      staged.insert({field(1), field(3)});
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
  std::set<std::pair<std::uint64_t, std::uint64_t>> staged;    // in slots: version and hash
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
