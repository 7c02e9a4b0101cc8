// Strong identifiers: no implicit conversion, so a term can never stand where an index is due.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/text.h"

namespace lockstep {

// A name: it can be compared and ordered, nothing else. Zero means "none".
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }
  constexpr bool is_none() const { return value_ == 0; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::uint64_t value_ = 0;
};

// A position that is counted: neighbours and distances exist, sums of two positions do not.
template <class Tag>
class Ordinal {
 public:
  constexpr Ordinal() = default;
  constexpr explicit Ordinal(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }
  constexpr Ordinal next() const { return Ordinal(value_ + 1); }
  constexpr Ordinal prev() const { return Ordinal(value_ - 1); }
  friend constexpr auto operator<=>(Ordinal, Ordinal) = default;
  friend constexpr Ordinal operator+(Ordinal from, std::uint64_t count) {
    return Ordinal(from.value_ + count);
  }
  // Number of positions in [first, end).
  friend constexpr std::uint64_t operator-(Ordinal end, Ordinal first) {
    return end.value_ - first.value_;
  }

 private:
  std::uint64_t value_ = 0;
};

template <class Tag>
void append_text(std::string& out, Id<Tag> id) { append_text(out, id.value()); }
template <class Tag>
void append_text(std::string& out, Ordinal<Tag> ordinal) { append_text(out, ordinal.value()); }

// A process that sends and receives frames: a cluster member or a client.
using NodeId = Id<struct NodeIdTag>;
// One Raft group; every message and log key carries it. There is one group now: GroupId(1).
using GroupId = Id<struct GroupIdTag>;
// The cluster a frame belongs to; a frame of another cluster is dropped.
using ClusterId = Id<struct ClusterIdTag>;
// Raft term (Raft §5.1). Zero before the first election.
using Term = Ordinal<struct TermTag>;
// Position in a Raft log (Raft §5.3). The first entry is 1; zero is "before the log".
using LogIndex = Ordinal<struct LogIndexTag>;
// Which life of a process this is: 1 at its first start, one more at every restart.
using Incarnation = Ordinal<struct IncarnationTag>;

}  // namespace lockstep
