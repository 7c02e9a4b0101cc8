// Two slots for settings in one store: one is in use, the other is filled, verified, switched to and cleaned
// up.
//
// The keys of a slot have its letter before them. Which slot is in use says one row, the pointer; putting it
// is the switch. What each slot holds says a row per slot: being received, staged (whole and verified), or
// being cleaned. A slot without a row is empty. The pointer only ever names a staged slot, and a slot that
// loses its keys is marked before it loses the first one, so that after a crash at any moment the slot in use
// is whole.
//
// As the buffer does, this decides on the actor and returns commits, which must be executed in their order.
// Going through a slot's keys and erasing them is work for the lane, in parts.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/hash_stream.h"
#include "base/result.h"
#include "core/proto/dispatch.pb.h"
#include "edge/store_lane.h"
#include "storage/kv/store.h"

namespace lockstep::edge {

enum class Slot : std::uint8_t { kA = 0, kB = 1 };
constexpr Slot other(Slot slot) { return slot == Slot::kA ? Slot::kB : Slot::kA; }
constexpr std::size_t number(Slot slot) { return static_cast<std::size_t>(slot); }

enum class SlotState : std::uint8_t { kReceiving = 1, kStaged = 2, kCleaning = 3 };  // on disk

// The contents of a slot are written as a package of settings is: for each key, ascending, key and value,
// both sized. So the hash of a slot is the hash of its package.
struct SlotFacts {
  SlotState state = SlotState::kReceiving;
  std::uint64_t version = 0;
  std::uint64_t bytes = 0;  // of the package
  std::uint64_t hash = 0;
  std::uint64_t received = 0;  // bytes of the package
  std::uint64_t keys = 0;
  Bytes last_key{};
  Bytes tail{};  // the beginning of a pair whose end has not come
};

struct Pointer {
  Slot slot = Slot::kA;
  std::uint64_t version = 0;
  bool on_trial = false;
  std::uint64_t starts = 0;          // of the edge during the trial
  std::uint64_t former_version = 0;  // in the other slot; 0: none to go back to
};

struct SlotContents {
  std::optional<Pointer> pointer;
  std::array<std::optional<SlotFacts>, 2> slots;
};

inline constexpr std::size_t kMostKeyBytes = 1 << 10;
inline constexpr std::size_t kMostValueBytes = 64 << 10;
inline constexpr std::uint64_t kMostPackageBytes = std::uint64_t{64} << 20;

class Slots {
 public:
  // On the lane. Says again which slots are staged: a power loss may come between the write and its event.
  // kCorrupt: the sentence says which row, or that the slot in use is not whole.
  static Result<SlotContents> restore(kv::Store& store, env::Trace& trace);

  explicit Slots(SlotContents contents) : pointer_(contents.pointer), slots_(std::move(contents.slots)) {}

  // 0: none, the settings the edge was born with.
  std::uint64_t version() const { return pointer_ ? pointer_->version : 0; }
  std::optional<Slot> active() const;
  bool is_on_trial() const { return pointer_ && pointer_->on_trial; }
  // In the other slot, before this one was switched to.
  bool is_former(std::uint64_t version) const { return pointer_ && pointer_->former_version == version; }
  std::uint64_t starts() const { return pointer_ ? pointer_->starts : 0; }
  // Where a package goes.
  Slot inactive() const { return pointer_ ? other(pointer_->slot) : Slot::kA; }
  const std::optional<SlotFacts>& facts(Slot slot) const { return slots_[number(slot)]; }

  // A package begins in the inactive slot, which is empty (checked).
  Commit receive(const wire::Package& package);
  // The next part of it. kInvalidArgument: no such package, not its next part, or no settings; the sentence
  // says why.
  Result<Commit> stage(const wire::PackageChunk& chunk);
  bool is_received() const;
  // It was read back, and is what was announced (see SlotWalk); otherwise condemn() it.
  Commit staged();
  // The inactive slot, staged (checked), becomes the active one: one row. On trial until confirmed.
  Commit switch_over();
  Commit count_start();
  Commit confirm();
  // Back to the other slot, or to none.
  Commit roll_back();
  // The inactive slot is given up. Its keys may be erased when this is durable.
  Commit condemn();
  Commit cleaned(std::uint64_t keys);

 private:
  void put_pointer(Commit& commit) const;
  void put_slot(Slot slot, Commit& commit) const;

  std::optional<Pointer> pointer_;
  std::array<std::optional<SlotFacts>, 2> slots_;
};

// A way through the keys of one slot, part by part, while other things happen in between.
struct SlotWalk {
  Slot slot = Slot::kA;
  std::uint64_t version = 0;
  Bytes next{};  // where to go on
  std::uint64_t keys = 0;
  HashStream hash{};
  bool is_done = false;
};

// On the lane: up to `keys` more.
using VisitSetting = std::function<void(BytesView key, BytesView value)>;
Result<SlotWalk> walk(kv::Store& store, SlotWalk so_far, std::size_t keys, const VisitSetting& visit = {});
// On the lane: erases up to `keys` of them with one small record. How many; 0: the slot is empty.
Result<std::uint64_t> erase_some(kv::Store& store, Slot slot, std::size_t keys);

}  // namespace lockstep::edge
