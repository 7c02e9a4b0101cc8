// The slots of a running edge: packages come in, are verified, tried, kept or given up, and cleaned up
// behind.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/proto/field.pb.h"
#include "edge/settings.h"
#include "edge/slots.h"

namespace lockstep::edge {

// docs/edge.md says how to choose these.
struct SlotOptions {
  unsigned clean_up_ratio = 20;  // percent of the lane's time, 1 to 100
  Duration clean_up_delay =
      std::chrono::seconds(60);                   // after a version was confirmed, the one before it goes
  std::size_t clean_up_keys = 1000;               // of one step
  std::size_t read_keys = 1000;                   // of one step of reading a slot through
  Duration probation = std::chrono::seconds(10);  // of a version after the switch
  std::uint64_t most_starts = 3;                  // of the edge during a probation
};

// While somebody holds it, the slot keeps its keys, whatever is switched to.
using SlotPin = std::shared_ptr<const Slot>;

class SlotKeeper {
 public:
  struct Listener {
    // Takes the settings of the active slot into use.
    std::function<void(const Settings&)> apply;
    // What the edge lacks with them at the end of the probation: then they are rolled back. Empty: nothing.
    std::function<std::string()> ailment;
    std::function<void(const wire::FieldMessage&)> send;
  };

  SlotKeeper(const env::Env& env, SlotOptions options, SlotContents contents, const Description& description,
             StoreLane& lane, Listener listener);

  void start();
  // Of the slot in use, durably; 0: none.
  std::uint64_t version() const { return durable_version_; }
  // A hub is told what it should know of the settings in use.
  void on_found();
  void on_package(const wire::Package& package);
  void on_chunk(const wire::PackageChunk& chunk);
  void on_activate(const wire::Activate& activate);
  Instant deadline() const;
  void on_deadline();

  // Nothing: no slot is in use.
  SlotPin pin();
  // One setting of a pinned slot.
  void get(SlotPin pin, BytesView key, std::function<void(std::optional<Bytes>)> then);

 private:
  struct Refused {
    std::uint64_t version = 0;
    std::string reason{};
  };
  // A slot being read through; `settings` and `problem` are the lane's while a job has them.
  struct Reading {
    SlotWalk walk;
    SlotPin pin;
    Settings settings{};
    std::string problem{};
  };

  Instant now() const { return env_.clock.monotonic_now(); }
  const std::optional<SlotFacts>& inactive() const { return slots_.facts(slots_.inactive()); }
  bool is_pinned(Slot slot) const { return pins_[number(slot)].use_count() > 1; }
  wire::PackageState state_of(std::uint64_t version) const;
  void send_status(std::uint64_t version, std::string reason = {});
  void refuse(std::uint64_t version, std::string reason);
  void receive(const wire::Package& package);
  void write_part(Commit commit, std::uint64_t version);
  void give_up(std::uint64_t version, std::string reason);
  void verify(SlotWalk so_far);
  void verified(const SlotWalk& walk);
  void switch_over();
  void read_active();
  void read_on(std::shared_ptr<Reading> reading);
  void finish(const Reading& reading);
  void end_probation();
  void roll_back(std::string reason);
  void tend();
  void clean_step();

  env::Env env_;
  SlotOptions options_;
  Slots slots_;
  const Description& description_;
  StoreLane& lane_;
  Listener listener_;
  std::array<SlotPin, 2> pins_ = {std::make_shared<const Slot>(Slot::kA),
                                  std::make_shared<const Slot>(Slot::kB)};
  std::uint64_t durable_version_ = 0;
  Refused refused_;
  std::optional<wire::Package> wanted_;  // waits for an empty slot
  bool is_verifying_ = false;
  bool is_cleaning_ = false;  // a step is under way
  std::uint64_t cleaned_keys_ = 0;
  Instant clean_at_ = kNever;  // the next step, or the end of the delay
  Instant probation_ends_ = kNever;
  std::string unread_;  // of the confirmed settings in use: what could not be read; empty: nothing
};

}  // namespace lockstep::edge
