// What may happen to a frame on its way: one verdict per frame, from the first rule that has an opinion.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/frame.h"
#include "base/prng.h"
#include "sim/events.h"
#include "sim/sim_time.h"

namespace lockstep::sim {

// A frame when it is sent.
struct FrameFacts {
  NodeId from;
  NodeId to;
  Channel channel;
  std::size_t bytes;  // encoded
  SimTime now;
  std::uint64_t link_seed;  // of this direction between these two
  std::uint64_t ordinal;    // how many frames this direction carried before

  std::uint64_t bits(Purpose purpose) const { return draw(link_seed, purpose, 0, ordinal); }
};

struct Verdict {
  enum class Kind : std::uint8_t {
    kPass,
    kDelay,      // `extra` later, and what is sent after it waits behind it
    kReorder,    // `extra` later, and what is sent after it may overtake
    kDrop,       // for `reason`
    kDuplicate,  // passes, and a second copy follows after `extra`
    kCorrupt,    // passes with one bit flipped, which the receiving host will notice
  };
  Kind kind = Kind::kPass;
  Duration extra{};
  DropReason reason = DropReason::kByRule;
};

class LinkRule {
 public:
  virtual ~LinkRule() = default;
  // No opinion: nullopt. Draws come from facts.bits, with purposes of the rule's own.
  virtual std::optional<Verdict> judge(const FrameFacts& facts) = 0;
};

// Which frames a rule is about; empty lists mean every node.
struct LinkFilter {
  std::vector<NodeId> from{};
  std::vector<NodeId> to{};

  bool matches(const FrameFacts& facts) const;
};

// Hosts of different groups do not hear each other; a host in no group is reached by all and reaches all.
class Partition final : public LinkRule {
 public:
  explicit Partition(std::vector<std::vector<NodeId>> groups) : groups_(std::move(groups)) {}
  std::optional<Verdict> judge(const FrameFacts& facts) override;

 private:
  std::vector<std::vector<NodeId>> groups_;
};

// Nothing gets from one side to the other; the opposite direction is not concerned.
class OneWayPartition final : public LinkRule {
 public:
  explicit OneWayPartition(LinkFilter filter) : filter_(std::move(filter)) {}
  std::optional<Verdict> judge(const FrameFacts& facts) override;

 private:
  LinkFilter filter_;
};

// With a probability, one verdict: loss, delay, duplication, reordering and corruption are all of this
// kind. The drawn `extra` is uniform between the two bounds.
struct FaultOptions {
  LinkFilter filter{};
  std::uint64_t parts_per_million = 0;
  Verdict::Kind kind = Verdict::Kind::kDrop;
  Duration least_extra{};
  Duration most_extra{};
};

class RandomFault final : public LinkRule {
 public:
  explicit RandomFault(FaultOptions options) : options_(std::move(options)) {}
  std::optional<Verdict> judge(const FrameFacts& facts) override;

 private:
  FaultOptions options_;
};

// A clogged link loses nothing: what is sent waits until the clog is gone, then comes in its order.
class Clog final : public LinkRule {
 public:
  explicit Clog(SimTime until) : until_(until) {}
  std::optional<Verdict> judge(const FrameFacts& facts) override;

 private:
  SimTime until_;
};

// A slow link: each direction between two hosts carries so many bytes a second; frames wait their turn, and
// one that finds more than `queue_bytes` before it is lost.
class Bandwidth final : public LinkRule {
 public:
  struct Limits {
    std::uint64_t bytes_per_second = 0;  // above zero
    std::uint64_t queue_bytes = 0;       // waiting, the frame itself included
  };
  explicit Bandwidth(Limits limits) : limits_(limits) {}
  std::optional<Verdict> judge(const FrameFacts& facts) override;

 private:
  Duration time_for(std::uint64_t bytes) const;

  Limits limits_;
  std::map<std::pair<NodeId, NodeId>, SimTime> free_at_;  // when the last frame accepted has been carried
};

}  // namespace lockstep::sim
