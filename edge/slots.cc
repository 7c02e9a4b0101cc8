// Filling, switching and giving up slots.
#include "edge/slots.h"

#include "base/check.h"
#include "base/text.h"
#include "edge/events.h"
#include "edge/slot_rows.h"
#include "edge/trees.h"

namespace lockstep::edge {
namespace {

// Nothing: the pair's end has not come.
struct Pair {
  BytesView key, value;
};
std::optional<Pair> next_pair(ByteReader& in) {
  const auto key = in.sized();
  if (!key) return std::nullopt;
  const auto value = in.sized();
  if (!value) return std::nullopt;
  return Pair{*key, *value};
}

}  // namespace

std::optional<Slot> Slots::active() const {
  if (!pointer_) return std::nullopt;
  return pointer_->slot;
}

void Slots::put_pointer(Commit& commit) const {
  commit.changes.put(kSlotTree, kPointerKey, encode_pointer(*pointer_));
}

void Slots::put_slot(Slot slot, Commit& commit) const {
  commit.changes.put(kSlotTree, slot_key(slot), encode_slot(*facts(slot)));
}

// ---- receiving --------------------------------------------------------------------------------------

Commit Slots::receive(const wire::Package& package) {
  const Slot slot = inactive();
  CHECK(!facts(slot), "slot ", number(slot), " is not empty");
  SlotFacts& made = slots_[number(slot)].emplace();
  made.version = package.version();
  made.bytes = package.bytes();
  made.hash = package.hash();
  Commit commit;
  put_slot(slot, commit);
  if (pointer_ && pointer_->former_version != 0) {
    pointer_->former_version = 0;  // what was there is gone, even if it comes again
    put_pointer(commit);
  }
  return commit;
}

Result<Commit> Slots::stage(const wire::PackageChunk& chunk) {
  const Slot slot = inactive();
  std::optional<SlotFacts>& facts = slots_[number(slot)];
  if (!facts || facts->state != SlotState::kReceiving || facts->version != chunk.version() ||
      chunk.offset() != facts->received || chunk.data().size() > facts->bytes - facts->received)
    return fail(ErrorCode::kInvalidArgument,
                cat("expected the next part of a package that was announced, found version ", chunk.version(),
                    " from ", chunk.offset()));
  Commit commit;
  const Bytes bytes = facts->tail + chunk.data();
  ByteReader in(bytes);
  std::size_t used = 0;
  while (const auto pair = next_pair(in)) {
    if (pair->key.empty() || pair->key.size() > kMostKeyBytes || pair->value.size() > kMostValueBytes)
      return fail(ErrorCode::kInvalidArgument,
                  cat("expected a key of 1 to ", kMostKeyBytes, " bytes and a value of at most ",
                      kMostValueBytes, " behind key ", facts->keys));
    if (facts->keys > 0 && pair->key <= BytesView(facts->last_key))
      return fail(ErrorCode::kInvalidArgument, cat("expected keys to ascend behind key ", facts->keys));
    commit.changes.put(kSettingsTree, settings_key(slot, pair->key), pair->value);
    facts->last_key = Bytes(pair->key);
    ++facts->keys;
    used = in.offset();
  }
  facts->tail = bytes.substr(used);
  facts->received += chunk.data().size();
  if (facts->tail.size() > kMostKeyBytes + kMostValueBytes + 20)
    return fail(ErrorCode::kInvalidArgument, cat("expected the end of a pair behind key ", facts->keys));
  if (facts->received == facts->bytes && !facts->tail.empty())
    return fail(ErrorCode::kInvalidArgument,
                cat("the package ends inside the pair behind key ", facts->keys));
  put_slot(slot, commit);
  return commit;
}

bool Slots::is_received() const {
  const std::optional<SlotFacts>& slot = facts(inactive());
  return slot && slot->state == SlotState::kReceiving && slot->received == slot->bytes;
}

Commit Slots::staged() {
  CHECK(is_received());
  const Slot slot = inactive();
  SlotFacts& facts = *slots_[number(slot)];
  facts.state = SlotState::kStaged;
  Commit commit;
  put_slot(slot, commit);
  commit.events.push_back(staged_event(slot, facts));
  return commit;
}

// ---- the switch -------------------------------------------------------------------------------------

Commit Slots::switch_over() {
  const Slot slot = inactive();
  CHECK(facts(slot) && facts(slot)->state == SlotState::kStaged, "slot ", number(slot), " is not staged");
  const std::uint64_t former = version();
  pointer_ =
      Pointer{.slot = slot, .version = facts(slot)->version, .on_trial = true, .former_version = former};
  Commit commit;
  put_pointer(commit);
  commit.events.push_back({kSlotSwitched, {number(slot), pointer_->version}});
  return commit;
}

Commit Slots::count_start() {
  ++pointer_->starts;
  Commit commit;
  put_pointer(commit);
  return commit;
}

Commit Slots::confirm() {
  pointer_->on_trial = false;
  Commit commit;
  put_pointer(commit);
  return commit;
}

Commit Slots::roll_back() {
  CHECK(pointer_);
  const Pointer failed = *pointer_;
  Commit commit;
  if (failed.former_version == 0) {
    pointer_.reset();
    commit.changes.erase(kSlotTree, kPointerKey);
  } else {
    pointer_ = Pointer{.slot = other(failed.slot), .version = failed.former_version};
    put_pointer(commit);
  }
  // In the same write it stops to be what anybody could switch to.
  slots_[number(failed.slot)]->state = SlotState::kCleaning;
  put_slot(failed.slot, commit);
  commit.events.push_back({kSlotRolledBack, {number(other(failed.slot)), version(), failed.version}});
  return commit;
}

// ---- clean-up ---------------------------------------------------------------------------------------

Commit Slots::condemn() {
  const Slot slot = inactive();
  slots_[number(slot)]->state = SlotState::kCleaning;
  Commit commit;
  put_slot(slot, commit);
  return commit;
}

Commit Slots::cleaned(std::uint64_t keys) {
  const Slot slot = inactive();
  Commit commit;
  commit.changes.erase(kSlotTree, slot_key(slot));
  commit.events.push_back({kSlotCleaned, {number(slot), facts(slot)->version, keys}});
  slots_[number(slot)].reset();
  return commit;
}

// ---- on the lane ------------------------------------------------------------------------------------

Result<SlotWalk> walk(kv::Store& store, SlotWalk so_far, std::size_t keys, const VisitSetting& visit) {
  const Bytes first = settings_key(so_far.slot, so_far.next);
  std::size_t left = keys;
  Bytes head;
  so_far.is_done = true;
  LOCKSTEP_TRY_STATUS(
      store.scan(kSettingsTree, first, settings_end(so_far.slot), [&](BytesView key, BytesView value) {
        const BytesView name = key.substr(1);
        if (left-- == 0) {
          so_far.next = Bytes(name);
          so_far.is_done = false;
          return false;
        }
        head.clear();
        ByteWriter(head).sized(name).varint(value.size());
        so_far.hash.add(head);
        so_far.hash.add(value);
        ++so_far.keys;
        if (visit) visit(name, value);
        return true;
      }));
  return so_far;
}

Result<std::uint64_t> erase_some(kv::Store& store, Slot slot, std::size_t keys) {
  const Bytes first = settings_key(slot, "");
  Bytes end = settings_end(slot);
  std::uint64_t found = 0;
  LOCKSTEP_TRY_STATUS(store.scan(kSettingsTree, first, end, [&](BytesView key, BytesView) {
    if (found == keys) {
      end = Bytes(key);
      return false;
    }
    ++found;
    return true;
  }));
  if (found == 0) return found;
  kv::Batch batch;
  batch.erase_range(kSettingsTree, first, end);
  LOCKSTEP_TRY_STATUS(store.write(batch));
  return found;
}

}  // namespace lockstep::edge
