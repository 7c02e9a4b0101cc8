// The small part of regular expressions that our schema uses, matched in linear time without locale or
// recursion.
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lockstep::json {

// `^` ... `$` around literals, `\` escapes, `[a-z_]`, `( )`, `|`, `*`, `+`, `?`. Bytes, not characters.
class Pattern {
 public:
  // kInvalidArgument: anything else than the above.
  static Result<Pattern> compile(std::string_view pattern);
  bool matches(std::string_view text) const;

 private:
  friend class PatternReader;

  enum class Opcode { kByte, kJump, kSplit };
  // Offsets are relative to the instruction, so that fragments of a program can be moved and joined.
  struct Instruction {
    Opcode kind = Opcode::kByte;
    int first = 1;   // kJump, kSplit
    int second = 1;  // kSplit
    std::bitset<256> bytes;
  };
  using Program = std::vector<Instruction>;

  explicit Pattern(Program program) : program_(std::move(program)) {}
  void add_reachable(std::size_t from, std::vector<bool>& states) const;

  Program program_;  // accepts by running off its end
};

}  // namespace lockstep::json
