// The rules about hub and edges: readings, instructions, packages, slots.
#pragma once

#include <algorithm>
#include <compare>
#include <map>
#include <set>
#include <vector>

#include "scenarios/oracle.h"
#include "scenarios/oracles.h"

namespace lockstep::scenarios {

// Every reading that an edge took into its buffer is at the hub exactly once, unless the policy of a full
// buffer has counted it; the hub tells nobody more than is committed, and an edge forgets nothing that is
// not. An edge whose storage was harmed may have lost readings of former lives, and gives their numbers to no
// others; where it has to, it goes on under another id.
class ReadingsOnce final : public Oracle {
 public:
  std::string_view name() const override { return "readings-once"; }
  std::string_view promise() const override {
    return "each batch of readings is committed once and whole, and no edge forgets one before";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;
  std::vector<std::string> excused() const override;

 private:
  struct Batch {
    bool buffered = false;
    std::uint64_t hash = 0;
    std::uint64_t readings = 0;  // as buffered; after downsampling what is left
    std::vector<std::uint64_t> earlier = {};  // what it had before each downsampling: the hub may have got it then
    std::uint64_t index = 0;     // of the entry that committed it; 0: none
    std::uint64_t committed = 0;  // readings
    std::uint64_t life = 0;      // of the edge, in which it was told of first
    std::uint64_t missing() const { return readings - std::min(readings, committed); }
  };
  struct Stream {
    std::map<std::uint64_t, Batch> batches;  // by sequence
    std::uint64_t settled = 0;
    std::uint64_t highest_applied = 0;
    std::uint64_t dropped = 0;  // readings, as events told
    std::uint64_t untold = 0;   // dropped, and a crash ate the event
  };
  struct Key {
    std::uint64_t edge, buffer, stream;
    auto operator<=>(const Key&) const = default;
  };

  void buffered(const Observation& seen);
  void dropped(const Observation& seen);
  void applied(const Observation& seen);
  void acknowledged(const Observation& seen);
  void settled(const Observation& seen);
  void restored(const Observation& seen);
  void begun_anew(const Observation& seen, Stream& old, Stream& stream);
  static bool accounts_for(std::uint64_t readings, Batch& batch, Stream& stream);
  bool is_harmed(const Observation& seen) const { return harmed_.contains(seen.node); }
  bool may_have_lost(const Observation& seen, const Batch& batch) const;

  std::map<Key, Stream> streams_;
  std::map<std::pair<NodeId, std::uint64_t>, std::uint64_t> ids_;  // of each stream of each edge: its id now
  std::map<NodeId, std::uint64_t> lives_;  // of each edge: so often its store was opened
  std::set<NodeId> harmed_;  // their disks lost something that they had called durable, or changed it
};

// An instruction is executed at most once, over all lives of edge and hub, and only if it is in the log.
class ExecutedOnce final : public Oracle {
 public:
  std::string_view name() const override { return "executed-once"; }
  std::string_view promise() const override {
    return "an edge executes only what is in the log, and no instruction twice";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;
  std::vector<std::string> excused() const override;

 private:
  std::set<std::uint64_t> logged_;
  std::map<std::uint64_t, NodeId> executed_;
  std::set<NodeId> harmed_;  // may have forgotten what they executed
  std::map<NodeId, std::uint64_t> again_;  // executed twice by these
};

// What an instruction was decided from was committed before it; no window is decided twice; all hubs agree.
class InputsCommitted final : public Oracle {
 public:
  std::string_view name() const override { return "inputs-committed"; }
  std::string_view promise() const override {
    return "the inputs of each instruction were committed before it, and each window is decided once";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Instruction {
    std::uint64_t index, device, window, input_index, model;
    bool operator==(const Instruction&) const = default;
  };
  std::map<std::uint64_t, Instruction> known_;  // by id
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t>
      decided_windows_;  // id by (device, window)
};

// All hubs change over to a package at the same entry of the log, and never to a bad one; each decision is
// made with the model that was in force where its inputs were read.
class OneVersion final : public Oracle {
 public:
  explicit OneVersion(std::set<PackageName> bad) : bad_(std::move(bad)) {}
  std::string_view name() const override { return "one-version"; }
  std::string_view promise() const override {
    return "all hubs make the same package active at the same log index, never one that is bad, and decide "
           "with it from "
           "there on";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Active {
    NodeId node;
    std::uint64_t version = 0, hash = 0;
  };
  void decided(const Observation& seen);

  std::set<PackageName> bad_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Active> active_;  // by (kind, index)
  std::map<PackageName, std::uint64_t> hashes_;
  std::map<std::uint64_t, std::uint64_t> models_;  // in force from the index on
};

// What is read of a slot is exactly what was staged under its version.
class SlotsWhole final : public Oracle {
 public:
  explicit SlotsWhole(std::set<PackageName> bad) : bad_(std::move(bad)) {}
  std::string_view name() const override { return "slots-whole"; }
  std::string_view promise() const override {
    return "a reader of a slot sees one version, and all of it, and no edge keeps a bad one";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Contents {
    std::uint64_t keys = 0, hash = 0;
  };
  std::set<PackageName> bad_;
  std::map<std::pair<NodeId, std::uint64_t>, Contents> staged_;  // by (edge, version)
};

}  // namespace lockstep::scenarios
