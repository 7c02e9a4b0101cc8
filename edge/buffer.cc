// What happens to batches: taken, settled, dropped, thinned.
#include "edge/buffer.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"
#include "edge/buffer_rows.h"
#include "edge/events.h"
#include "edge/trees.h"

namespace lockstep::edge {
namespace {

constexpr std::size_t kThinAtOnce = 16;
// Far more than a life gives out before the hub has heard of it.
constexpr std::uint64_t kMostSkipped = 1 << 20;
constexpr Purpose kFirstNumber{"edge.first_number"};
// The record of a batch in the store beyond its body: key, counts, checksum, and the stream's row with it.
constexpr std::uint64_t kBytesAround = 64;

template <class Stream>
auto position(Stream& stream, std::uint64_t sequence) {
  return std::lower_bound(
      stream.batches.begin(), stream.batches.end(), sequence,
      [](const BatchFacts& batch, std::uint64_t wanted) { return batch.sequence < wanted; });
}

}  // namespace

Buffer::Buffer(BufferContents contents, BufferOptions options)
    : id_(contents.id), life_(contents.life), options_(options), streams_(std::move(contents.streams)) {
  for (auto& [number, stream] : streams_) {
    begin_numbers(number, stream);
    for (BatchFacts& batch : stream.batches) {
      batch.bytes += kBytesAround;
      bytes_ += batch.bytes;
    }
  }
}

// A disk that lies, a file that was cut, a directory that was restored: the hub may have batches that this
// store does not know, and would take new ones under their numbers for them. A life therefore begins where
// no other has been, as good as surely.
void Buffer::begin_numbers(std::uint32_t number, StreamFacts& stream) const {
  if (life_ != 0) stream.next += 1 + below(draw(life_, kFirstNumber, number, stream.next), kMostSkipped);
  stream.first = stream.next;
}

std::size_t Buffer::batches() const {
  std::size_t count = 0;
  for (const auto& [number, stream] : streams_) count += stream.batches.size();
  return count;
}

BatchFacts* Buffer::find(std::uint32_t number, std::uint64_t sequence) {
  const auto stream = streams_.find(number);
  if (stream == streams_.end()) return nullptr;
  const auto found = position(stream->second, sequence);
  return found == stream->second.batches.end() || found->sequence != sequence ? nullptr : &*found;
}

void Buffer::put_stream(std::uint32_t number, Commit& commit) const {
  commit.changes.put(kStreamTree, stream_key(number), encode_stream(streams_.at(number)));
}

Buffer::Added Buffer::add(std::uint32_t number, const std::vector<Run>& runs) {
  const auto [found, is_new] = streams_.try_emplace(number);
  StreamFacts& stream = found->second;
  if (is_new) begin_numbers(number, stream);
  Added added{stream.next++, {}};
  BatchFacts& batch = stream.batches.emplace_back();
  batch.sequence = added.sequence;
  batch.readings = count_readings(runs);
  batch.body = encode_runs(runs);
  batch.bytes = batch.body.size() + kBytesAround;
  bytes_ += batch.bytes;
  bodies_ += batch.body.size();
  Commit& commit = added.commit;
  commit.changes.put(kBatchTree, batch_key(number, batch.sequence), encode_batch(batch, batch.body));
  commit.events.push_back(
      {kBuffered, {id(number), number, batch.sequence, batch.readings, hash64(batch.body)}});
  keep_within_limit({number, added.sequence}, commit);
  put_stream(number, commit);
  return added;
}

void Buffer::durable(std::uint32_t number, std::uint64_t sequence) {
  StreamFacts& stream = streams_[number];
  stream.announced = std::max(stream.announced, sequence);
  while (!displaced_.empty() && displaced_.front().by == Place{number, sequence}) displaced_.pop_front();
  BatchFacts* batch = find(number, sequence);
  if (batch == nullptr) return;  // displaced meanwhile
  batch->durable = true;
  if (bodies_ > options_.bodies_in_memory) forget_body(*batch);
}

void Buffer::forget_body(BatchFacts& batch) {
  bodies_ -= batch.body.size();
  Bytes().swap(batch.body);
}

// ---- the hub has it ---------------------------------------------------------------------------------

std::optional<Commit> Buffer::settle(std::uint32_t number, std::uint64_t received) {
  const auto found = streams_.find(number);
  if (found == streams_.end()) return std::nullopt;
  StreamFacts& stream = found->second;
  if (received < stream.first) received = std::min(received, stream.restored);
  if (received <= stream.settled || received > stream.announced) return std::nullopt;
  stream.settled = received;
  Commit commit;
  forget_up_to(number, received, commit);
  put_stream(number, commit);
  commit.patient = true;
  return commit;
}

void Buffer::forget_up_to(std::uint32_t number, std::uint64_t received, Commit& commit) {
  StreamFacts& stream = streams_.at(number);
  while (!stream.batches.empty() && stream.batches.front().sequence <= received) {
    BatchFacts& batch = stream.batches.front();
    commit.changes.erase(kBatchTree, batch_key(number, batch.sequence));
    bytes_ -= batch.bytes;
    forget_body(batch);
    stream.batches.pop_front();
  }
  commit.events.push_back({kBatchSettled, {id(number), number, received}});
}

bool Buffer::has_lost(std::uint32_t number, std::uint64_t received) const {
  const StreamFacts& stream = streams_.at(number);
  return received >= stream.first && received > stream.sent;
}

Commit Buffer::begin_anew(std::uint32_t number, std::uint64_t own_id) {
  StreamFacts& stream = streams_.at(number);
  Commit commit;
  forget_up_to(number, std::max(stream.settled, stream.restored), commit);
  none_under_way(number);
  stream.own_id = own_id;
  stream.settled = stream.restored = stream.sent = 0;
  put_stream(number, commit);
  commit.events.push_back(
      {kStreamRestored, {own_id, number, stream.next, 0, stream.dropped, stream.batches.size()}});
  return commit;
}

// ---- sending ----------------------------------------------------------------------------------------

BatchFacts* Buffer::next_to_send(std::uint32_t number, std::size_t most) {
  std::size_t held = 0;
  for (BatchFacts& batch : streams_[number].batches) {
    if (batch.way == Way::kSent) continue;
    if (held == 0 && !leaves_out_undurably(number, batch.sequence)) return batch.durable ? &batch : nullptr;
    if (held++ == most) return nullptr;
    batch.way = Way::kHeld;
  }
  return nullptr;
}

bool Buffer::leaves_out_undurably(std::uint32_t number, std::uint64_t sequence) const {
  return std::ranges::any_of(displaced_, [&](const Displaced& displaced) {
    return displaced.gone.stream == number && displaced.gone.sequence < sequence;
  });
}

BatchFacts* Buffer::first_after(std::uint32_t number, std::uint64_t sequence) {
  StreamFacts& stream = streams_.at(number);
  const auto found = std::ranges::find_if(stream.batches,
                                          [&](const BatchFacts& batch) { return batch.sequence > sequence; });
  return found == stream.batches.end() ? nullptr : &*found;
}

void Buffer::sent(std::uint32_t number, BatchFacts& batch) {
  StreamFacts& stream = streams_.at(number);
  batch.way = Way::kSent;
  stream.sent = std::max(stream.sent, batch.sequence);
}

std::uint64_t Buffer::previous(std::uint32_t number, std::uint64_t sequence) const {
  const StreamFacts& stream = streams_.at(number);
  const auto at = position(stream, sequence);
  return at == stream.batches.begin() ? stream.settled : std::prev(at)->sequence;
}

std::size_t Buffer::count_under_way(std::uint32_t number) const {
  // They are the first of their stream, but for what was dropped among them.
  std::size_t count = 0;
  for (const BatchFacts& batch : streams_.at(number).batches) {
    if (batch.way != Way::kSent) break;
    ++count;
  }
  return count;
}

void Buffer::none_under_way(std::uint32_t number) {
  for (BatchFacts& batch : streams_[number].batches) {
    if (batch.way == Way::kWaiting) break;
    batch.way = Way::kWaiting;
  }
}

std::vector<Buffer::Name> Buffer::to_load(std::uint32_t number, std::size_t most) {
  std::vector<Name> names;
  for (const BatchFacts& batch : streams_[number].batches) {
    if (batch.way == Way::kSent) continue;
    if (names.size() == most || !batch.durable || !batch.body.empty()) break;
    names.push_back({number, batch.sequence, batch.thinned});
  }
  return names;
}

void Buffer::loaded(const Loaded& batch) {
  BatchFacts* facts = find(batch.name.stream, batch.name.sequence);
  const bool is_as_it_was = facts != nullptr && facts->body.empty() && facts->thinned == batch.name.thinned;
  if (!is_as_it_was || !batch.body) return;
  facts->body = *batch.body;
  bodies_ += facts->body.size();
}

Result<std::vector<Buffer::Loaded>> Buffer::load(kv::Store& store, const std::vector<Name>& names) {
  std::vector<Loaded> loaded;
  for (const Name& name : names) {
    const Bytes key = batch_key(name.stream, name.sequence);
    LOCKSTEP_TRY(value, store.get(kBatchTree, key));
    Loaded& one = loaded.emplace_back(name, std::nullopt);
    if (!value) continue;
    LOCKSTEP_TRY(row, decode_batch(key, *value));
    if (row.facts.thinned == name.thinned) one.body = Bytes(row.body);
  }
  return loaded;
}

// ---- full -------------------------------------------------------------------------------------------

// The oldest of the lowest class; one that is under way only if there is no other.
std::optional<std::pair<std::uint32_t, Buffer::Position>> Buffer::victim() {
  for (const bool any_way : {false, true})
    for (auto& [number, stream] : streams_)
      for (auto batch = stream.batches.begin(); batch != stream.batches.end(); ++batch)
        if (any_way || batch->way == Way::kWaiting) return std::pair(number, batch);
  return std::nullopt;
}

void Buffer::keep_within_limit(Place added, Commit& commit) {
  while (bytes_ > options_.most_bytes) {
    const auto chosen = victim();
    CHECK(chosen, "a buffer of ", bytes_, " bytes without a batch");
    displaced_.push_back({added, {chosen->first, chosen->second->sequence}});
    drop(chosen->first, chosen->second, commit);
  }
}

void Buffer::drop(std::uint32_t number, Position batch, Commit& commit) {
  StreamFacts& stream = streams_[number];
  stream.dropped += batch->readings;
  commit.changes.erase(kBatchTree, batch_key(number, batch->sequence));
  commit.events.push_back({kReadingsDropped, {id(number), number, batch->sequence, batch->readings, 0}});
  bytes_ -= batch->bytes;
  forget_body(*batch);
  stream.batches.erase(batch);
  put_stream(number, commit);
}

std::vector<Buffer::Name> Buffer::to_thin() {
  std::vector<Name> names;
  if (options_.policy != FullPolicy::kThin || bytes_ <= options_.most_bytes / 4 * 3) return names;
  for (auto& [number, stream] : streams_) {
    auto batch = position(stream, stream.thin_from);
    const auto is_exhausted = [&] { return batch->thinned >= options_.most_thinnings; };
    while (batch != stream.batches.end() && is_exhausted()) stream.thin_from = (batch++)->sequence + 1;
    for (; batch != stream.batches.end() && names.size() < kThinAtOnce; ++batch)
      if (batch->way == Way::kWaiting && batch->durable && !is_exhausted())
        names.push_back({number, batch->sequence, batch->thinned});
    if (!names.empty()) break;  // the next class only when this one has nothing left to give
  }
  return names;
}

bool Buffer::thin_one(const Loaded& loaded, Commit& commit) {
  BatchFacts* batch = find(loaded.name.stream, loaded.name.sequence);
  if (batch == nullptr || batch->way != Way::kWaiting || batch->thinned != loaded.name.thinned || !loaded.body)
    return false;
  const auto runs = decode_runs(*loaded.body);
  if (!runs) return false;
  const std::vector<Run> fewer = thin(*runs, options_.thinning, options_.thin_factor);
  const std::uint64_t left = count_readings(fewer);
  const std::uint64_t dropped = batch->readings - left;
  const Bytes body = encode_runs(fewer);
  forget_body(*batch);
  bytes_ -= batch->bytes;
  batch->readings = left;
  batch->bytes = body.size() + kBytesAround;
  batch->durable = false;  // as it is now
  ++batch->thinned;
  bytes_ += batch->bytes;
  streams_[loaded.name.stream].dropped += dropped;
  commit.changes.put(kBatchTree, batch_key(loaded.name.stream, batch->sequence), encode_batch(*batch, body));
  if (dropped > 0)
    commit.events.push_back(
        {kReadingsDropped, {id(loaded.name.stream), loaded.name.stream, batch->sequence, dropped, left}});
  return true;
}

Commit Buffer::thinned(const std::vector<Loaded>& loaded) {
  Commit commit;
  for (const Loaded& one : loaded)
    if (thin_one(one, commit)) put_stream(one.name.stream, commit);
  return commit;
}

}  // namespace lockstep::edge
