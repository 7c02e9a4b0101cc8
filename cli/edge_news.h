// What an edge does, as lines for people, and how long its readings take to be committed.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/env/trace.h"
#include "edge/driver.h"

namespace lockstep::cli {

// Of readings: from the sensor to the moment in which the edge knows that they are committed.
struct FieldFigures {
  std::uint64_t sensed = 0;
  std::uint64_t committed = 0;
  std::uint64_t dropped = 0;            // by the policy of the full buffer, or refused by a full disk
  std::uint64_t executed = 0;           // instructions
  std::vector<std::uint32_t> waits_us;  // of each committed reading, if they are measured
};

// Stands between an edge and its devices, and hears its trace; on the actor and on lanes.
class EdgeNews final : public edge::Driver, public env::Trace {
 public:
  // The driver outlives this. `measures`: waits are kept, for each reading.
  EdgeNews(std::string edge, edge::Driver& driver, std::shared_ptr<spdlog::logger> log, bool measures);
  // It hears every event too, before anybody reads of it; outlives this.
  void record_in(env::Trace& trace) { record_ = &trace; }

  const std::vector<devices::DeviceInfo>& devices() const override { return driver_.devices(); }
  void sample(std::size_t device, std::vector<edge::Sample>& samples) override;
  void look(std::size_t device, std::vector<edge::Sample>& samples) override {
    driver_.look(device, samples);
  }
  Status actuate(std::size_t device, std::string_view actuator, double value) override {
    return driver_.actuate(device, actuator, value);
  }
  void emit(const env::Event& event) override;

  // What happened since it was last asked.
  FieldFigures take_figures();

 private:
  using Moment = std::chrono::steady_clock::time_point;
  struct Batch {
    std::uint64_t sequence;
    std::vector<Moment> sensed;
  };
  // Readings of one stream come into its batches in the order in which they were sensed.
  struct Stream {
    std::deque<Moment> open;
    std::deque<Batch> under_way;
    std::uint64_t buffer = 0;
    std::uint64_t told = 0;  // the last batch of this buffer that was told
  };

  // Whether it was not told before in this life.
  bool buffered(std::uint64_t buffer, std::uint32_t stream, std::uint64_t sequence, std::uint64_t readings);
  void refused(std::uint32_t stream, std::uint64_t readings);
  void settled(std::uint32_t stream, std::uint64_t received);
  void say(const env::Event& event);
  void say_of_settings(const env::Event& event);

  std::string edge_;
  edge::Driver& driver_;
  std::shared_ptr<spdlog::logger> log_;
  const bool measures_;
  env::Trace* record_ = nullptr;  // none: nobody else wants to know
  std::mutex mutex_;
  std::map<std::uint32_t, Stream> streams_;
  FieldFigures figures_;
  std::uint64_t not_taken_ = 0;  // since the last batch was durable
  std::string refusal_;          // the last that was told: the hub says it to each greeting
  bool is_lost_ = false;
};

}  // namespace lockstep::cli
