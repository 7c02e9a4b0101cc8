// Blocks by values, sorted; then one pass over the order looks whether it is one.
#include "reports/linearizability/written_once.h"

#include <algorithm>
#include <map>

namespace lockstep::linearizability {
namespace {

using Kind = Step::Kind;

constexpr std::uint32_t kNobody = ~0u;

// Who wrote a value, who saw it, and who took it away.
struct Life {
  std::uint32_t writer = kNobody;
  std::uint32_t taker = kNobody;  // a compare-and-set
  std::vector<std::uint32_t> readers;
};

struct Block {
  std::vector<std::uint32_t> calls;          // in the order that they must have
  std::uint64_t first_returned = kNoReturn;  // of all its calls
  std::uint64_t last_invoked = 0;
};

std::uint32_t written_by(const Step& step) { return step.kind == Kind::kAssign ? step.a : step.b; }

class Sorter {
 public:
  Sorter(std::span<const Call> calls, std::uint32_t initial) : calls_(calls), initial_(initial) {}

  std::optional<ForcedOrder> run() {
    if (!note_writers()) return std::nullopt;
    if (!note_observers() || !make_blocks()) return conflict_;
    place_blocks();
    return judged();
  }

 private:
  // False if a value is written twice, or there is something else to do with a register.
  bool note_writers() {
    for (std::uint32_t call = 0; call < calls_.size(); ++call) {
      const Step& step = calls_[call].step;
      if (step.kind == Kind::kEquals) continue;
      if (step.kind != Kind::kAssign && step.kind != Kind::kSwap) return false;
      const std::uint32_t value = written_by(step);
      if (value == initial_ || lives_[value].writer != kNobody) return false;
      lives_[value].writer = call;
    }
    return true;
  }

  // What returned took part; so did, without a return, whose value was observed. False: one of them cannot be
  // explained.
  bool note_observers() {
    for (std::uint32_t call = 0; call < calls_.size(); ++call)
      if (calls_[call].returned != kNoReturn) todo_.push_back(call);
    observer_.assign(calls_.size(), kNobody);
    std::vector<bool> takes_part(calls_.size(), false);
    for (const std::uint32_t call : todo_) takes_part[call] = true;
    for (std::size_t next = 0; next < todo_.size(); ++next) {
      const std::uint32_t call = todo_[next];
      if (calls_[call].step.kind == Kind::kAssign) continue;
      Life& life = lives_[calls_[call].step.a];
      if (life.writer == kNobody && calls_[call].step.a != initial_) return refuse({call});
      if (life.writer != kNobody && !takes_part[life.writer]) {
        takes_part[life.writer] = true;
        observer_[life.writer] = call;
        todo_.push_back(life.writer);
      }
      if (calls_[call].step.kind == Kind::kEquals) {
        life.readers.push_back(call);
      } else if (life.taker == kNobody) {
        life.taker = call;
      } else {
        return refuse({life.writer, life.taker, call});
      }
    }
    return true;
  }

  // A block begins with the initial value or a write, and goes on as long as somebody takes its value away.
  // False: what some compare-and-sets took away is what they themselves wrote.
  bool make_blocks() {
    std::size_t placed = 0;
    const auto add_block = [&](std::uint32_t value) {
      blocks_.emplace_back();
      while (true) {
        add(value);
        const std::uint32_t taker = lives_[value].taker;
        if (taker == kNobody) break;
        value = calls_[taker].step.b;
      }
      placed += blocks_.back().calls.size();
    };
    add_block(initial_);
    for (const std::uint32_t call : todo_)
      if (calls_[call].step.kind == Kind::kAssign) add_block(calls_[call].step.a);
    if (placed == todo_.size()) return true;
    std::vector<bool> is_placed(calls_.size(), false);
    for (const Block& block : blocks_)
      for (const std::uint32_t call : block.calls) is_placed[call] = true;
    std::erase_if(todo_, [&](std::uint32_t call) { return is_placed[call]; });
    return refuse(todo_);
  }

  // The write of this value and its reads, which may as well come in the order of their invocations.
  void add(std::uint32_t value) {
    Life& life = lives_[value];
    std::ranges::sort(life.readers, {}, [this](std::uint32_t call) { return calls_[call].invoked; });
    if (life.writer != kNobody) add_call(life.writer);
    for (const std::uint32_t reader : life.readers) add_call(reader);
  }

  void add_call(std::uint32_t call) {
    Block& block = blocks_.back();
    block.calls.push_back(call);
    block.first_returned = std::min(block.first_returned, calls_[call].returned);
    block.last_invoked = std::max(block.last_invoked, calls_[call].invoked);
  }

  // The initial value first. Then always one of two: the block whose last invocation is the earliest of all
  // that are left, because nothing must come before it; or the one that returned first, if it must come
  // before that, and so before all.
  void place_blocks() {
    std::vector<std::uint32_t> by_invocation, by_return;
    for (std::uint32_t block = 1; block < blocks_.size(); ++block) by_invocation.push_back(block);
    by_return = by_invocation;
    std::ranges::sort(by_invocation, {}, [this](std::uint32_t b) { return std::pair(blocks_[b].last_invoked, b); });
    std::ranges::sort(by_return, {}, [this](std::uint32_t b) { return std::pair(blocks_[b].first_returned, b); });
    std::vector<bool> is_placed(blocks_.size(), false);
    const auto first_left = [&](const std::vector<std::uint32_t>& list, std::size_t& at) {
      while (is_placed[list[at]]) ++at;
      return list[at];
    };
    placed_.push_back(0);
    std::size_t invoked = 0, returned = 0;
    for (std::size_t left = by_invocation.size(); left > 0; --left) {
      const std::uint32_t early = first_left(by_invocation, invoked);
      const std::uint32_t done = first_left(by_return, returned);
      const bool must_be_next = blocks_[done].first_returned < blocks_[early].last_invoked;
      const std::uint32_t next = must_be_next ? done : early;
      is_placed[next] = true;
      placed_.push_back(next);
    }
  }

  // An order is one if nothing returned before something was invoked that stands before it. If this one is
  // none, the two blocks of these calls must each come before the other.
  ForcedOrder judged() {
    ForcedOrder found;
    std::uint32_t latest_block = 0;
    std::uint64_t latest = 0;
    for (const std::uint32_t number : placed_) {
      for (const std::uint32_t call : blocks_[number].calls) {
        if (calls_[call].returned < latest) {
          found.order.clear();
          found.conflict = blocks_[number].calls;
          if (latest_block != number)
            found.conflict.insert(found.conflict.end(), blocks_[latest_block].calls.begin(),
                                  blocks_[latest_block].calls.end());
          return found;
        }
        if (calls_[call].invoked >= latest) {
          latest = calls_[call].invoked;
          latest_block = number;
        }
        found.order.push_back(call);
      }
    }
    return found;
  }

  // With them who says that they happened at all.
  bool refuse(const std::vector<std::uint32_t>& calls) {
    std::vector<bool> is_named(calls_.size(), false);
    for (std::uint32_t call : calls)
      for (; call != kNobody && !is_named[call]; call = observer_[call]) {
        is_named[call] = true;
        conflict_.conflict.push_back(call);
      }
    return false;
  }

  std::span<const Call> calls_;
  std::uint32_t initial_;
  std::map<std::uint32_t, Life> lives_;  // by value
  std::vector<std::uint32_t> todo_;      // the calls that take part
  std::vector<std::uint32_t> observer_;  // by call without a return that takes part: who saw its value
  std::vector<Block> blocks_;            // that of the initial value first
  std::vector<std::uint32_t> placed_;
  ForcedOrder conflict_;
};

}  // namespace

std::optional<ForcedOrder> order_by_values(std::span<const Call> calls, std::uint32_t initial) {
  return Sorter(calls, initial).run();
}

}  // namespace lockstep::linearizability
