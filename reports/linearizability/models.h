// Sequential models: what a register, a set of registers and an appendable text may answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/intern.h"
#include "reports/value.h"

namespace lockstep::linearizability {

using reports::HashIndex;
using reports::ValueTable;

inline constexpr std::uint32_t kIllegal = ~0u;

// What an operation asks of a state; the meaning of the operands belongs to the model.
struct Step {
  enum class Kind : std::uint8_t {
    kEquals,  // read: legal if the state is `a`
    kDiffers,  // refused compare-and-set: legal if the state is not `a`
    kAssign,  // write: always legal, the state becomes `a`
    kSwap,    // compare-and-set: legal if the state is `a`, which becomes `b`
    kAppend,  // always legal, adds the text `a`
    kTransaction,  // reads and writes several registers: number `a`
  };

  Kind kind = Kind::kEquals;
  bool read_only = true;  // it changes no state at all, not merely not this one
  std::uint32_t a = 0;
  std::uint32_t b = 0;

  bool operator==(const Step&) const = default;
};

// One register. A state is the number of the value it holds.
class RegisterModel {
 public:
  ValueTable values;

  std::uint32_t after(std::uint32_t state, const Step& step) const {
    switch (step.kind) {
      case Step::Kind::kEquals: return state == step.a ? state : kIllegal;
      case Step::Kind::kDiffers: return state != step.a ? state : kIllegal;
      case Step::Kind::kAssign: return step.a;
      case Step::Kind::kSwap: return state == step.a ? step.b : kIllegal;
      default: return kIllegal;
    }
  }
  // True if `reader` can be legal because of what `writer` left behind; may err towards true.
  bool may_observe(const Step& reader, const Step& writer) const;
  std::string text(std::uint32_t state) const { return reports::to_json(values[state]); }
};

// A lock: a register of who holds it. Who takes it and who gives it back compares and sets; states are texts.
class LockModel : public RegisterModel {
 public:
  std::string text(std::uint32_t state) const { return *values[state].as_text(); }
};

// A text that grows at its end. Texts share their beginnings: a state is (shorter text, piece), so that n appends
// cost O(n) memory; equal contents have equal numbers however they came about.
class AppendModel {
 public:
  AppendModel() { intern(kIllegal, "", 0); }

  std::uint32_t text_state(const std::string& text) { return after_append(0, piece(text)); }
  std::uint32_t piece(const std::string& text);

  std::uint32_t after(std::uint32_t state, const Step& step) {
    switch (step.kind) {
      case Step::Kind::kEquals: return state == step.a ? state : kIllegal;
      case Step::Kind::kAssign: return step.a;
      case Step::Kind::kAppend: return after_append(state, step.a);
      default: return kIllegal;
    }
  }
  bool may_observe(const Step& reader, const Step& writer) const;
  std::string text(std::uint32_t state) const { return reports::to_json(reports::Value(content(state))); }

 private:
  struct Node {
    std::uint32_t shorter;  // kIllegal for the empty text
    std::uint32_t piece;
    std::uint64_t size;
    std::uint64_t hash;  // of the content, so that it can be extended
  };

  std::uint32_t after_append(std::uint32_t state, std::uint32_t piece);
  std::uint32_t intern(std::uint32_t shorter, const std::string& piece_text, std::uint32_t piece);
  std::string content(std::uint32_t state) const;

  ValueTable pieces_;
  std::vector<Node> nodes_;
  HashIndex index_;
};

// Several registers, read and written together. A state is the number of a tuple of value numbers.
class MultiModel {
 public:
  struct Access {
    std::uint32_t cell;
    bool writes;
    std::uint32_t value;
    bool operator==(const Access&) const = default;
  };
  using Tuple = std::vector<std::uint32_t>;

  ValueTable values;
  ValueTable keys;

  std::uint32_t transaction(std::vector<Access> accesses);
  std::uint32_t intern(Tuple tuple);
  std::uint32_t after(std::uint32_t state, const Step& step);
  bool may_observe(const Step& reader, const Step& writer) const;
  std::string text(std::uint32_t state) const;

 private:
  std::vector<std::vector<Access>> transactions_;
  HashIndex transaction_index_;
  std::vector<Tuple> tuples_;
  HashIndex tuple_index_;
};

}  // namespace lockstep::linearizability
