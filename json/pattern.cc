// Thompson's construction (CACM 1968): all alternatives advance together, one byte at a time.
#include "json/pattern.h"

#include "base/text.h"

namespace lockstep::json {

class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : rest_(pattern) {}

  Result<Pattern::Program> whole() {
    if (!rest_.starts_with('^') || !rest_.ends_with('$')) return refuse("^ at the begin and $ at the end");
    rest_ = rest_.substr(1, rest_.size() - 2);
    LOCKSTEP_TRY(program, alternatives());
    if (!rest_.empty()) return refuse("a ( for this )");
    return program;
  }

 private:
  using Program = Pattern::Program;
  using Opcode = Pattern::Opcode;

  std::unexpected<Error> refuse(std::string_view expected) const {
    return fail(ErrorCode::kInvalidArgument, cat("expected ", expected, " before \"", rest_, "\""));
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  static void append(Program& to, const Program& more) { to.insert(to.end(), more.begin(), more.end()); }
  static int length(const Program& program) { return static_cast<int>(program.size()); }

  Result<Program> alternatives() {
    LOCKSTEP_TRY(left, sequence());
    if (!take('|')) return left;
    LOCKSTEP_TRY(right, alternatives());
    Program out{{Opcode::kSplit, 1, length(left) + 2, {}}};
    append(out, left);
    out.push_back({Opcode::kJump, length(right) + 1, 1, {}});
    append(out, right);
    return out;
  }

  Result<Program> sequence() {
    Program out;
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      LOCKSTEP_TRY(atom_program, atom());
      append(out, repeated(std::move(atom_program)));
    }
    return out;
  }

  Program repeated(Program atom_program) {
    const int size = length(atom_program);
    if (take('+')) {
      atom_program.push_back({Opcode::kSplit, -size, 1, {}});
      return atom_program;
    }
    const bool star = take('*');
    if (!star && !take('?')) return atom_program;
    Program out{{Opcode::kSplit, 1, size + (star ? 2 : 1), {}}};
    append(out, atom_program);
    if (star) out.push_back({Opcode::kJump, -size - 1, 1, {}});
    return out;
  }

  Result<Program> atom() {
    if (take('(')) {
      LOCKSTEP_TRY(inner, alternatives());
      if (!take(')')) return refuse("a )");
      return inner;
    }
    if (take('[')) return byte_class();
    if (!take('\\') && std::string_view("*+?.^${}]").find(rest_.front()) != std::string_view::npos) {
      return refuse("a literal, a class or a group");
    }
    if (rest_.empty()) return refuse("an escaped byte");
    Program out(1);
    out[0].bytes.set(take_byte());
    return out;
  }

  unsigned char take_byte() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<unsigned char>(c);
  }

  Result<Program> byte_class() {
    Program out(1);
    while (!take(']')) {
      if (rest_.empty() || rest_.front() == '^') return refuse("a class of bytes and its ]");
      const unsigned first = take_byte();
      unsigned last = first;
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        last = take_byte();
      }
      for (unsigned byte = first; byte <= last; ++byte) out[0].bytes.set(byte);
    }
    return out;
  }

  std::string_view rest_;
};

Result<Pattern> Pattern::compile(std::string_view pattern) {
  LOCKSTEP_TRY(program, PatternReader(pattern).whole());
  return Pattern(std::move(program));
}

// Recursion is bounded by the length of the pattern: a state is entered once.
void Pattern::add_reachable(std::size_t from, std::vector<bool>& states) const {
  if (states[from]) return;
  states[from] = true;
  if (from == program_.size()) return;
  const Instruction& at = program_[from];
  if (at.kind == Opcode::kByte) return;
  add_reachable(from + static_cast<std::size_t>(at.first), states);
  if (at.kind == Opcode::kSplit) add_reachable(from + static_cast<std::size_t>(at.second), states);
}

bool Pattern::matches(std::string_view text) const {
  std::vector<bool> now(program_.size() + 1);
  const std::vector<bool> none(now.size());
  add_reachable(0, now);
  for (const char c : text) {
    std::vector<bool> next(program_.size() + 1);
    for (std::size_t at = 0; at < program_.size(); ++at) {
      const bool taken = now[at] && program_[at].kind == Opcode::kByte &&
                         program_[at].bytes.test(static_cast<unsigned char>(c));
      if (taken) add_reachable(at + 1, next);
    }
    if (next == none) return false;
    now = std::move(next);
  }
  return now.back();
}

}  // namespace lockstep::json
