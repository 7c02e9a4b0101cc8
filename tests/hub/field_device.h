// A tank that a scripted edge has: its description, its readings as batches, and an edge that does what it is
// told.
#pragma once

#include <optional>
#include <set>

#include "tests/hub/test_hubs.h"

namespace lockstep::tests {

inline constexpr std::int64_t kWindowNs = 1'000'000'000;
inline constexpr std::int64_t kEpochNs = 1'767'225'600'000'000'000;
inline constexpr std::uint64_t kFirstWindow = kEpochNs / kWindowNs;  // it closes at kEpochNs

inline wire::Device tank() {
  wire::Device device;
  device.set_name("e1/tank");
  device.set_kind("tank");
  for (const char* name : {"temperature", "level"}) {
    wire::Signal& signal = *device.add_signals();
    signal.set_name(name);
    signal.set_low(0);
    signal.set_high(400);
    signal.set_safe_low(10);
    signal.set_safe_high(360);
    signal.set_stream(1);
  }
  wire::Actuator& heater = *device.add_actuators();
  heater.set_name("heater");
  heater.set_unit("1");
  heater.set_low(0);
  heater.set_high(1);
  device.set_controlled("temperature");
  device.set_set_point(330);
  device.set_window_ns(kWindowNs);
  return device;
}

// Speaks for the edge "e1": what it is asked to do is done, and said again until it is settled.
class ScriptedEdge {
 public:
  explicit ScriptedEdge(TestHubs& hubs) : hubs_(hubs) {
    hubs_.edge().answer = [this](NodeId from, const wire::FieldMessage& message) {
      on_message(from, message);
    };
  }

  void hello(NodeId to) {
    wire::FieldMessage message;
    message.mutable_hello()->set_role(wire::EDGE);
    message.mutable_hello()->set_name("e1");
    message.mutable_hello()->set_newest(newest);
    message.mutable_hello()->set_floor(floor);
    message.mutable_hello()->set_store(store);
    message.mutable_hello()->set_anew(anew);
    *message.mutable_hello()->add_devices() = tank();
    hubs_.edge().say(to, message);
  }
  // Readings of both signals, four in each of the next `windows` windows; the last one closes the window.
  // Committed when this returns, with some time for a decision after each.
  void read_windows(std::uint64_t windows) {
    for (std::uint64_t i = 0; i < windows; ++i) {
      send_until_committed(batch_of_window(++window_));
      hubs_.run(std::chrono::milliseconds(200));
    }
  }
  // Its clock is so many windows beyond its readings when it sends them; without a value it does not say.
  std::optional<std::int64_t> lag;
  void set_clock_back(std::int64_t windows) { clock_ns_ -= windows * kWindowNs; }

  // What its hello says of its store.
  std::uint64_t newest = 0;
  std::uint64_t floor = 0;
  std::uint64_t store = 0;
  bool anew = false;

  bool is_silent = false;  // takes nothing, answers nothing
  bool says_results = true;
  double after = 300;  // what it measures when an instruction is done
  wire::InstructionResult::Outcome outcome = wire::InstructionResult::DONE;
  std::map<std::uint64_t, wire::Instruction> taken;
  std::map<std::uint64_t, unsigned> sent;  // how often the hub sent it
  std::set<std::uint64_t> settled;

 private:
  wire::FieldMessage batch_of_window(std::uint64_t number) {
    wire::FieldMessage message;
    wire::SensorBatch& batch = *message.mutable_batch();
    batch.set_buffer(7);
    batch.set_stream(1);
    batch.set_previous(sequence_);
    batch.set_sequence(++sequence_);
    if (lag) batch.set_sent_ns(clock_ns_ + (static_cast<std::int64_t>(number) - 1 + *lag) * kWindowNs);
    for (const char* signal : {"temperature", "level"}) {
      std::vector<series::Point> points;
      for (std::int64_t i = 0; i < 4; ++i)
        points.push_back(
            {clock_ns_ + (static_cast<std::int64_t>(number) - 2) * kWindowNs + (i + 1) * kWindowNs / 4,
             320 + static_cast<double>(i) / 4});
      wire::SensorBlock& block = *batch.add_blocks();
      block.set_series(cat("e1/tank/", signal));
      block.set_points(series::pack(points));
    }
    return message;
  }

  void send_until_committed(const wire::FieldMessage& message) {
    const std::uint64_t sequence = message.batch().sequence();
    std::uint64_t tries = 0;
    ASSERT_TRUE(hubs_.run_until([&] {
      if (hubs_.edge().last(wire::FieldMessage::kBatchAck).batch_ack().received() >= sequence) return true;
      if (tries++ % 50 == 0)
        for (const NodeId member : hubs_.members()) hubs_.edge().say(member, message);
      return false;
    }));
  }

  void on_message(NodeId from, const wire::FieldMessage& message) {
    if (is_silent) return;
    if (message.has_settled()) settled.insert(message.settled().ids().begin(), message.settled().ids().end());
    if (!message.has_instruction()) return;
    const wire::Instruction& instruction = message.instruction();
    ++sent[instruction.id()];
    taken[instruction.id()] = instruction;
    wire::FieldMessage ack;
    ack.mutable_instruction_ack()->set_id(instruction.id());
    hubs_.edge().say(from, ack);
    if (says_results) say_result(from, instruction.id());
  }

 public:
  void say_result(NodeId to, std::uint64_t id) {
    wire::FieldMessage message;
    wire::InstructionResult& result = *message.mutable_result();
    result.set_id(id);
    result.set_outcome(outcome);
    wire::Evidence& evidence = *result.add_evidence();
    evidence.set_signal("temperature");
    evidence.mutable_before()->set_value(299);
    evidence.mutable_after()->set_value(after);
    hubs_.edge().say(to, message);
  }

 private:
  TestHubs& hubs_;
  std::uint64_t window_ = 0;  // counted from kFirstWindow
  std::int64_t clock_ns_ = kEpochNs;
  std::uint64_t sequence_ = 0;
};

}  // namespace lockstep::tests
