// The search for a shortest cycle of one class inside one strongly connected component.
#pragma once

#include <optional>
#include <string_view>

#include "reports/transactions/cycles.h"

namespace lockstep::transactions {

enum class Antidependencies : std::uint8_t { kForbidden, kOne, kNonadjacent, kAdjacent, kAny };

// What a class of cycles consists of.
struct CycleClass {
  std::string_view name;
  Kinds kinds = 0;    // that may occur
  Kind starts = kWw;  // an edge of this kind does occur; the cycle is looked for from there
  Antidependencies rw = Antidependencies::kForbidden;
  bool needs_wr = false;
  Kinds needs = 0;  // kProcess or kRealtime: does occur
};

// Edges of a component, its vertices numbered from 0.
struct Component {
  std::vector<std::uint32_t> vertices;  // what each number stands for
  std::vector<Edge> edges;              // ends are numbers
};

// Follows a path and knows what it has met: the class as an automaton. A state is four bits.
class ClassAutomaton {
 public:
  static constexpr std::uint32_t kStates = 16;
  explicit ClassAutomaton(const CycleClass& wanted) : wanted_(wanted) {}

  std::uint8_t start() const { return *step(0, wanted_.starts, true); }
  // None: a cycle of the class does not go on like this.
  std::optional<std::uint8_t> step(std::uint8_t state, Kind kind, bool first = false) const;
  bool accepts(std::uint8_t state) const;

 private:
  enum : std::uint8_t { kLastIsRw = 1, kPattern = 2, kNeeded = 4, kSawWr = 8 };
  const CycleClass& wanted_;
};

class CycleSearch {
 public:
  CycleSearch(const Component& component, const CycleClass& wanted, std::uint64_t& visits_left);

  // The shortest walk of the class that begins with this edge and comes back, shorter than `bound` edges;
  // passes included. It may pass a vertex twice.
  std::vector<Edge> from(const Edge& first, std::size_t bound);

 private:
  struct Visit {
    std::uint32_t node;    // vertex * kStates + state
    std::uint32_t parent;  // place in visits_, or none
    std::uint32_t edge;    // that led here
    std::uint32_t length;
  };
  bool visit(std::uint32_t vertex, std::uint8_t state, const Visit& visit);
  std::vector<Edge> walk(const Edge& first, std::uint32_t last) const;

  const Component& component_;
  const CycleClass& wanted_;
  ClassAutomaton automaton_;
  std::uint64_t& visits_left_;
  std::vector<std::uint32_t> offsets_;   // vertex -> its first in outgoing_
  std::vector<std::uint32_t> outgoing_;  // places of edges
  std::vector<std::uint32_t> seen_;      // node -> round
  std::uint32_t round_ = 0;
  std::vector<Visit> visits_;
};

}  // namespace lockstep::transactions
