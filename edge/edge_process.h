// An edge as a process: looks at its devices, keeps what they say until the hub has it, and does what the hub
// says.
#pragma once

#include <memory>
#include <optional>

#include "base/env/actor.h"
#include "edge/executions.h"
#include "edge/hub_link.h"
#include "edge/sampler.h"
#include "edge/sensing.h"
#include "edge/slot_keeper.h"

namespace lockstep::edge {

struct EdgeConfig {
  std::string name{};
  // The store must be there: it has been, and what was executed by it must not be forgotten without a word.
  bool had_store = false;
  // The hub is told that the former store of this edge is lost, as its operator says.
  bool begins_anew = false;
  kv::Options kv{};
  LinkOptions link{};
  SensingOptions sensing{};
  ExecutionOptions executions{};
  SlotOptions slots{};
  Duration sample_period = std::chrono::milliseconds(100);  // of each device
  Duration reopen_least = std::chrono::seconds(1);          // after the disk was full; doubled each time
  Duration reopen_most = std::chrono::seconds(30);
};

// One store on lane 0 holds everything that must outlive a crash. When the disk is full the store is opened
// again after a while, as after a crash; readings taken meanwhile are counted and not kept. Any other failure
// of the store, and damage found in it, stops the edge: it says so (kEdgeStopped) and does nothing more.
class EdgeProcess : public env::Actor {
 public:
  // `driver` and the ports outlive this.
  EdgeProcess(const env::Env& env, EdgeConfig config, Driver& driver);
  ~EdgeProcess() override;

  void start() override;
  void on_message(NodeId from, Channel channel, BytesView payload) override;
  void on_alarm() override;
  void on_job_done(std::unique_ptr<env::Job> job) override { job->done(); }
  void on_turn_end() override;

  // Its store is open.
  bool is_open() const { return parts_ != nullptr; }
  // Why it has stopped itself; none while it works.
  const Error* failure() const { return failure_ ? &*failure_ : nullptr; }
  // Its disk is full, and it waits for room.
  const Error* lacks_room() const { return lacks_room_ ? &*lacks_room_ : nullptr; }
  // For who reads settings of their own; nullptr while the store is not open. Asked for anew in each turn.
  SlotKeeper* slots() { return parts_ ? &parts_->slots : nullptr; }

 private:
  struct Contents {
    BufferContents buffer;
    ExecutionContents executions;
    SlotContents slots;
  };
  // What stands on an open store.
  struct Parts {
    Parts(EdgeProcess& edge, BufferContents buffer, SlotContents contents);
    Sensing sensing;
    Executions executions;
    SlotKeeper slots;
  };

  void open();
  void on_opened(Contents contents);
  void on_failure(const Error& error);
  void count_refused(const BufferContents& found);
  // What a hello says of the open store.
  wire::Hello word_of_store() const;
  wire::Hello hello() const;
  bool is_for_us(const wire::Instruction& instruction) const;
  void dispatch(NodeId from, const wire::FieldMessage& message);
  void take_reading(std::uint32_t stream, const std::string& series, series::Point point);
  void apply(const Settings& settings);
  std::string ailment() const;
  Instant fallback_at() const;
  void fall_back();
  Instant deadline() const;

  env::Env env_;
  EdgeConfig config_;
  Description description_;
  Driver& driver_;
  StoreLane lane_;
  Sampler sampler_;
  HubLink link_;
  std::uint32_t credit_ = 1;  // of the leader that was found
  std::unique_ptr<Parts> parts_;
  wire::Hello of_store_;  // its word when it was closed
  Settings settings_;     // in use
  Instant settings_since_{};
  bool has_fallen_back_ = false;  // since the hub was last heard
  bool is_started_ = false;       // the store has been open
  std::optional<Error> failure_;
  std::optional<Error> lacks_room_;
  Instant reopen_at_ = kNever;
  Duration reopen_pause_{};
  std::vector<Sensing::Doubtful> doubtful_;         // at the last failure
  std::map<std::uint32_t, std::uint64_t> refused_;  // readings by stream, since the last failure
};

}  // namespace lockstep::edge
