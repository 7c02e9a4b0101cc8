// Batches, instructions, packages and slots, followed over all processes and lives.
#include "scenarios/oracles_field.h"

#include <algorithm>
#include <utility>

#include "edge/events.h"
#include "hub/events.h"
#include "reports/render.h"
#include "scenarios/replica_facts.h"
#include "scenarios/roster.h"

namespace lockstep::scenarios {
namespace {

constexpr auto kModel = static_cast<std::uint64_t>(PackageKind::kModel);
constexpr auto kSettings = static_cast<std::uint64_t>(PackageKind::kSettings);

}  // namespace

// ---- readings ----------------------------------------------------------------------------------------

std::span<const env::EventType* const> ReadingsOnce::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &edge::kBuffered,    &edge::kReadingsDropped,  &edge::kBatchSettled, &edge::kStreamRestored,
      &hub::kBatchApplied, &hub::kBatchAcknowledged, &edge::kEdgeOpened,   &sim::kDiskFault,
      &sim::kDiskForgot,   &sim::kDiskWiped};
  return kListened;
}

void ReadingsOnce::on_event(const Observation& seen) {
  const std::uint16_t number = seen.event.type->number;
  if (number == edge::kBuffered.number) return buffered(seen);
  if (number == edge::kReadingsDropped.number) return dropped(seen);
  if (number == edge::kBatchSettled.number) return settled(seen);
  if (number == edge::kStreamRestored.number) return restored(seen);
  if (number == hub::kBatchApplied.number) return applied(seen);
  if (number == hub::kBatchAcknowledged.number) return acknowledged(seen);
  if (number == edge::kEdgeOpened.number) {
    ++lives_[seen.node];
    return;
  }
  if (takes_from_storage(seen.event)) harmed_.insert(seen.node);
}

void ReadingsOnce::buffered(const Observation& seen) {
  const auto& fields = seen.event.fields;
  Batch& batch = streams_[{seen.node.value(), fields[0], fields[1]}].batches[fields[2]];
  count_check();
  ids_.try_emplace({seen.node, fields[1]}, fields[0]);
  // A crash may come between the batch and the word about it: then the next life says it, perhaps again.
  const bool is_other = batch.buffered && batch.hash != fields[4];
  if (is_other)
    violate(seen, cat(Roster::name(seen.node), " took other readings under the number ", fields[2],
                      " of stream ", fields[1], ", which it had used before"));
  if (batch.buffered) return;
  batch = {.buffered = true,
           .hash = fields[4],
           .readings = fields[3],
           .index = batch.index,
           .committed = batch.committed,
           .life = lives_[seen.node]};
}

void ReadingsOnce::dropped(const Observation& seen) {
  const auto& fields = seen.event.fields;
  Stream& stream = streams_[{seen.node.value(), fields[0], fields[1]}];
  Batch& batch = stream.batches[fields[2]];
  stream.dropped += fields[3];
  count_check();
  if (batch.readings != fields[3] + fields[4] && !is_harmed(seen))
    violate(seen, cat(Roster::name(seen.node), " says that it dropped ", fields[3], " of ", batch.readings,
                      " readings of batch ", fields[2], " and that ", fields[4], " are left"));
  batch.earlier.push_back(std::exchange(batch.readings, fields[4]));
}

void ReadingsOnce::applied(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const std::uint64_t index = fields[0];
  const std::uint64_t sequence = fields[4];
  Stream& stream = streams_[{fields[1], fields[2], fields[3]}];
  Batch& batch = stream.batches[sequence];
  count_check();
  const std::string edge = Roster::name(NodeId(fields[1]));
  if (batch.index != 0 && batch.index != index)
    violate(seen, cat("batch ", sequence, " of stream ", fields[3], " of ", edge,
                      " is committed twice: by entry ", batch.index, " and by entry ", index));
  if (!batch.buffered)
    violate(seen, cat("batch ", sequence, " of stream ", fields[3], " of ", edge,
                      " is committed, and the edge has never had it safe in its buffer"));
  else if (batch.index == 0 && !accounts_for(fields[5], batch, stream) && !harmed_.contains(NodeId(fields[1])))
    violate(seen, cat("batch ", sequence, " of ", edge, " was committed with ", fields[5],
                      " readings; it has ", batch.readings));
  batch.index = index;
  batch.committed = fields[5];
  stream.highest_applied = std::max(stream.highest_applied, sequence);
}

// Whether the batch has had so many, now or when it left. What a crash left untold is used up by it.
bool ReadingsOnce::accounts_for(std::uint64_t readings, Batch& batch, Stream& stream) {
  if (readings == batch.readings || std::ranges::find(batch.earlier, readings) != batch.earlier.end()) return true;
  // It was thinned, and a crash ate the word about it.
  const bool is_untold = readings < batch.readings && batch.readings - readings <= stream.untold;
  if (!is_untold) return false;
  stream.untold -= batch.readings - readings;
  batch.earlier.push_back(std::exchange(batch.readings, readings));
  return true;
}

void ReadingsOnce::acknowledged(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const Stream& stream = streams_[{fields[0], fields[1], fields[2]}];
  count_check();
  if (fields[3] > stream.highest_applied)
    violate(seen,
            cat(Roster::name(seen.node), " told ", Roster::name(NodeId(fields[0])), " that batch ", fields[3],
                " of stream ", fields[2], " is committed; the highest is ", stream.highest_applied));
}

void ReadingsOnce::settled(const Observation& seen) {
  const auto& fields = seen.event.fields;
  Stream& stream = streams_[{seen.node.value(), fields[0], fields[1]}];
  for (auto at = stream.batches.upper_bound(stream.settled);
       at != stream.batches.end() && at->first <= fields[2]; ++at) {
    count_check();
    const Batch& batch = at->second;
    if (!batch.buffered || batch.missing() == 0) continue;
    if (batch.missing() <= stream.untold) {
      stream.untold -= batch.missing();
    } else if (!may_have_lost(seen, batch)) {
      violate(seen, cat(Roster::name(seen.node), " forgot batch ", at->first, " of stream ", fields[1],
                        " with ", batch.missing(), " readings that are not committed"));
    }
  }
  stream.settled = std::max(stream.settled, fields[2]);
}

std::vector<std::string> ReadingsOnce::excused() const {
  std::map<NodeId, std::uint64_t> lost;  // readings
  for (const auto& [key, stream] : streams_)
    for (const auto& [sequence, batch] : stream.batches)
      if (batch.buffered) lost[NodeId(key.edge)] += batch.missing();
  std::vector<std::string> sentences;
  for (const auto& [edge, readings] : lost)
    if (readings > 0 && harmed_.contains(edge))
      sentences.push_back(cat(Roster::name(edge), ", whose disk was harmed, had taken ",
                              reports::counted(readings, "readings"), " that are not committed"));
  return sentences;
}

// What this life took is in its memory, too.
bool ReadingsOnce::may_have_lost(const Observation& seen, const Batch& batch) const {
  const auto lives = lives_.find(seen.node);
  return is_harmed(seen) && lives != lives_.end() && batch.life < lives->second;
}

void ReadingsOnce::restored(const Observation& seen) {
  const auto& fields = seen.event.fields;
  Stream& stream = streams_[{seen.node.value(), fields[0], fields[1]}];
  std::uint64_t& id = ids_.try_emplace({seen.node, fields[1]}, fields[0]).first->second;
  if (id != fields[0]) {
    begun_anew(seen, streams_[{seen.node.value(), id, fields[1]}], stream);
    id = fields[0];
  } else if (is_harmed(seen)) {
    stream.settled = fields[3];
  }
  if (fields[4] <= stream.dropped) return;
  stream.untold += fields[4] - stream.dropped;
  stream.dropped = fields[4];
}

// The hub had numbers that this store does not know: what former lives took is there, or lost.
void ReadingsOnce::begun_anew(const Observation& seen, Stream& old, Stream& stream) {
  count_check();
  if (!is_harmed(seen))
    violate(seen, cat(Roster::name(seen.node), " goes on with stream ", seen.event.fields[1],
                      " under another id, and its disk has kept all that it wrote"));
  for (auto at = old.batches.upper_bound(old.settled); at != old.batches.end(); ++at) {
    if (may_have_lost(seen, at->second)) continue;
    Batch batch = at->second;
    batch.index = batch.committed = 0;
    stream.batches.try_emplace(at->first, batch);
    at->second.readings = 0;  // it is there now
  }
  stream.dropped = old.dropped;
  stream.untold = old.untold;
}

// ---- instructions ------------------------------------------------------------------------------------

std::span<const env::EventType* const> ExecutedOnce::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &hub::kInstructionLogged, &edge::kExecuted, &sim::kDiskFault, &sim::kDiskForgot, &sim::kDiskWiped};
  return kListened;
}

void ExecutedOnce::on_event(const Observation& seen) {
  const std::uint16_t number = seen.event.type->number;
  if (number == hub::kInstructionLogged.number) {
    logged_.insert(seen.event.fields[1]);
    return;
  }
  if (number != edge::kExecuted.number) {
    if (takes_from_storage(seen.event)) harmed_.insert(seen.node);
    return;
  }
  const std::uint64_t id = seen.event.fields[0];
  count_check();
  if (!logged_.contains(id))
    violate(seen, cat(Roster::name(seen.node), " executed instruction ", id, ", which is not in the log"));
  const auto [first, is_new] = executed_.emplace(id, seen.node);
  if (is_new) return;
  if (harmed_.contains(seen.node) && first->second == seen.node) {
    ++again_[seen.node];
  } else {
    violate(seen, cat(Roster::name(seen.node), " executed instruction ", id, " again, after ",
                      Roster::name(first->second)));
  }
}

std::vector<std::string> ExecutedOnce::excused() const {
  std::vector<std::string> sentences;
  for (const auto& [edge, count] : again_)
    sentences.push_back(cat(Roster::name(edge), ", whose disk was harmed, executed ",
                            reports::counted(count, "instructions"), " again"));
  return sentences;
}

std::span<const env::EventType* const> InputsCommitted::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&hub::kInstructionLogged};
  return kListened;
}

void InputsCommitted::on_event(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const std::uint64_t id = fields[1];
  const Instruction instruction{fields[0], fields[2], fields[3], fields[4], fields[5]};
  count_check();
  const auto [known, is_new] = known_.emplace(id, instruction);
  if (!is_new) {
    if (known->second != instruction)
      violate(seen, cat(Roster::name(seen.node), " has another instruction ", id, " than the others"));
    return;
  }
  if (instruction.input_index >= instruction.index)
    violate(seen, cat("instruction ", id, " at index ", instruction.index,
                      " was decided from what stood at index ", instruction.input_index));
  const auto [window, first] =
      decided_windows_.emplace(std::pair(instruction.device, instruction.window), id);
  if (!first)
    violate(seen, cat("instructions ", window->second, " and ", id, " are both about window ",
                      instruction.window, " of device ", instruction.device));
}

// ---- packages ----------------------------------------------------------------------------------------

std::span<const env::EventType* const> OneVersion::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&hub::kPackageStaged, &hub::kPackageActive,
                                                        &hub::kInstructionLogged};
  return kListened;
}

// The feed of this node has told it all that was made active before.
void OneVersion::decided(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const std::uint64_t input_index = fields[4];
  const std::uint64_t used = fields[5];
  const auto after = models_.upper_bound(input_index);
  const std::uint64_t in_force = after == models_.begin() ? 0 : std::prev(after)->second;
  count_check();
  if (used != in_force)
    violate(seen, cat("instruction ", fields[1], " was decided with version ", used,
                      " of the model; where its inputs were "
                      "read, at index ",
                      input_index, ", it was version ", in_force));
}

void OneVersion::on_event(const Observation& seen) {
  const auto& fields = seen.event.fields;
  if (seen.event.type->number == hub::kInstructionLogged.number) return decided(seen);
  const PackageName package{fields[1], fields[2]};
  count_check();
  const bool active = seen.event.type->number == hub::kPackageActive.number;
  // Settings are the edges' own affair: each of them verifies them.
  if (package.kind != kSettings && bad_.contains(package))
    violate(seen, cat(Roster::name(seen.node), active ? " made" : " took for sound", " version ",
                      package.version, " of kind ", package.kind, active ? " active" : "", ", which is bad"));
  const auto [hash, is_new] = hashes_.emplace(package, fields[3]);
  if (!is_new && hash->second != fields[3])
    violate(seen, cat(Roster::name(seen.node), " has other bytes for version ", package.version, " of kind ",
                      package.kind, " than another hub"));
  if (!active) return;
  if (package.kind == kModel) models_[fields[0]] = package.version;
  Active& known = active_[{package.kind, fields[0]}];
  if (known.node.is_none()) {
    known = {seen.node, package.version, fields[3]};
  } else if (known.version != package.version) {
    violate(seen, cat(Roster::name(seen.node), " made version ", package.version, " of kind ", package.kind,
                      " active at index ", fields[0], "; ", Roster::name(known.node), " made it version ",
                      known.version));
  }
}

// ---- slots -------------------------------------------------------------------------------------------

std::span<const env::EventType* const> SlotsWhole::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&edge::kSlotStaged, &edge::kSlotSwitched,
                                                        &edge::kSlotRead};
  return kListened;
}

void SlotsWhole::on_event(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const std::uint64_t version = fields[1];
  if (seen.event.type->number == edge::kSlotSwitched.number) {
    count_check();
    if (bad_.contains({kSettings, version}))
      violate(seen,
              cat(Roster::name(seen.node), " switched to settings of version ", version, ", which are bad"));
    return;
  }
  if (seen.event.type->number == edge::kSlotStaged.number) {
    staged_[{seen.node, version}] = {fields[2], fields[3]};
    return;
  }
  count_check();
  const auto staged = staged_.find({seen.node, version});
  if (staged == staged_.end()) {
    if (version != 0)
      violate(seen,
              cat(Roster::name(seen.node), " read version ", version, " of a slot, which was never staged"));
    return;
  }
  if (staged->second.keys != fields[2] || staged->second.hash != fields[3])
    violate(seen, cat(Roster::name(seen.node), " read ", fields[2], " keys of version ", version, " in slot ",
                      fields[0], "; it was staged with ", staged->second.keys,
                      staged->second.keys == fields[2] ? " other ones" : ""));
}

}  // namespace lockstep::scenarios
