// The guard is in the transaction (previous <= received < sequence), so that retries, failovers and two
// leaders that both believe in themselves cannot bring a reading in twice. What is known here only spares
// needless writes.
#include "hub/intake.h"

#include <algorithm>

#include "base/text.h"
#include "hub/events.h"
#include "storage/series/block.h"

namespace lockstep::hub {
namespace {

constexpr std::size_t kMostBatchesInWrite = 64;
constexpr std::size_t kMostBytesInWrite = 1 << 20;
constexpr std::size_t kMostWaitingBytes = 16 << 20;  // then edges must send again later
constexpr int kMostBlocks = 1024;                    // of a batch
constexpr std::size_t kMostSeriesBytes = 256;        // of a name: 64 batches must fit into one write
constexpr std::size_t kBlocksInStatement = 32;

// Text with so many rows of eight parameters; there are few different ones, so they stay prepared.
std::string insert_blocks(std::size_t rows) {
  std::string text =
      "INSERT INTO series_blocks(series, first_ns, last_ns, count, least, greatest, sum, points) SELECT * "
      "FROM (VALUES";
  for (std::size_t row = 0; row < rows; ++row) text += row == 0 ? "(?,?,?,?,?,?,?,?)" : ",(?,?,?,?,?,?,?,?)";
  // What came before was the stream's row, or more blocks of the same batch.
  return text + ") WHERE changes() > 0";
}

wire::Statement move_stream(const StreamKey& key, const wire::SensorBatch& batch, std::uint64_t readings) {
  return statement(
      "INSERT INTO hub_streams(edge, buffer, stream, received, readings, dropped) SELECT ?1, ?2, ?3, ?5, ?6, "
      "?7 "
      "WHERE ?4 = 0 OR EXISTS(SELECT 1 FROM hub_streams WHERE edge = ?1 AND buffer = ?2 AND stream = ?3) "
      "ON CONFLICT(edge, buffer, stream) DO UPDATE SET received = ?5, readings = readings + ?6, dropped = ?7 "
      "WHERE received >= ?4 AND received < ?5",
      key.edge.value(), key.buffer, key.stream, batch.previous(), batch.sequence(), readings,
      batch.dropped());
}

// See has_lost: what came before is not to be had again; what comes now must not wait for it.
wire::Statement take_for_received(const StreamKey& key, const wire::SensorBatch& batch) {
  return statement(
      "INSERT INTO hub_streams(edge, buffer, stream, received, readings, dropped) VALUES(?1, ?2, ?3, ?4, 0, "
      "?5) ON "
      "CONFLICT(edge, buffer, stream) DO UPDATE SET received = excluded.received WHERE received < "
      "excluded.received",
      key.edge.value(), key.buffer, key.stream, batch.settled(), batch.dropped());
}

struct Rows {
  std::vector<wire::Statement> statements;  // after the stream's own
  std::uint64_t readings = 0;
};

// Nothing: these are not readings.
std::optional<Rows> rows_of(const wire::SensorBatch& batch) {
  if (batch.blocks_size() > kMostBlocks) return std::nullopt;
  Rows rows;
  const auto count = static_cast<std::size_t>(batch.blocks_size());
  for (std::size_t i = 0; i < count; ++i) {
    const wire::SensorBlock& block = batch.blocks(static_cast<int>(i));
    // All of it is read, not the head alone: what is committed must stay readable.
    const auto summary = series::summary(block.points());
    if (block.series().empty() || block.series().size() > kMostSeriesBytes) return std::nullopt;
    if (!summary || !series::unpack(block.points())) return std::nullopt;
    if (i % kBlocksInStatement == 0)
      rows.statements.push_back(statement(insert_blocks(std::min(kBlocksInStatement, count - i))));
    wire::Statement& insert = rows.statements.back();
    set_value(*insert.add_parameters(), block.series());
    set_value(*insert.add_parameters(), summary->first_ns);
    set_value(*insert.add_parameters(), summary->last_ns);
    set_value(*insert.add_parameters(), summary->count);
    set_value(*insert.add_parameters(), summary->least);
    set_value(*insert.add_parameters(), summary->greatest);
    set_value(*insert.add_parameters(), summary->sum);
    set_value(*insert.add_parameters(), BlobView{block.points()});
    rows.readings += summary->count;
  }
  return rows;
}

// The edge was told that all up to `settled` is committed, and this node, which knows all that is committed,
// does not have it: somebody has deleted the row, or restored an older database.
bool has_lost(const Intake::Stream& stream, const wire::SensorBatch& batch) {
  return batch.settled() > stream.received && batch.settled() <= batch.previous();
}

}  // namespace

void Intake::on_batch(NodeId edge, wire::SensorBatch& batch) {
  const StreamKey key{edge, batch.buffer(), batch.stream()};
  const Stream stream = stream_of(key);
  if (batch.sequence() <= stream.received || batch.previous() >= batch.sequence()) {
    to_acknowledge_.insert(key);
    return;
  }
  const std::uint64_t lost = has_lost(stream, batch) ? batch.settled() : 0;
  if (batch.previous() > std::max(stream.taken, lost)) {
    early_.keep(key, surroundings_.config.credit, std::move(batch));
    to_acknowledge_.insert(key);
    return;
  }
  take(key, batch);
  while (const auto next = early_.next(key, stream_of(key).taken)) take(key, *next);
}

Intake::Stream Intake::stream_of(const StreamKey& key) const {
  const auto known = streams_.find(key);
  return known == streams_.end() ? Stream{} : known->second;
}

void Intake::take(const StreamKey& key, const wire::SensorBatch& batch) {
  const Stream before = stream_of(key);
  if (batch.sequence() <= before.taken || waiting_bytes_ > kMostWaitingBytes) return;
  auto rows = rows_of(batch);
  if (!rows) return;
  Waiting waiting{.stream = key, .bytes = batch.ByteSizeLong(), .statements = {}};
  if (has_lost(before, batch)) waiting.statements.push_back(take_for_received(key, batch));
  waiting.statements.push_back(move_stream(key, batch, rows->readings));
  std::ranges::move(rows->statements, std::back_inserter(waiting.statements));
  Stream& stream = streams_[key];  // only now: what is no block leaves nothing behind
  stream.taken = batch.sequence();
  ++stream.under_way;
  waiting_bytes_ += waiting.bytes;
  waiting_.push_back(std::move(waiting));
}

// Less while much waits: edges have buffers for that.
std::uint32_t Intake::credit() const {
  const std::uint32_t most = surroundings_.config.credit;
  return waiting_bytes_ > kMostWaitingBytes / 2 ? std::min(1u, most) : most;
}

void Intake::act(Instant, bool leads) {
  if (!leads) return to_acknowledge_.clear();
  write_waiting();
  for (const StreamKey& key : std::exchange(to_acknowledge_, {})) acknowledge(key);
}

void Intake::write_waiting() {
  while (!waiting_.empty() && writes_ < surroundings_.config.most_intake_writes) {
    std::vector<wire::Statement> statements;
    std::vector<StreamKey> streams;
    std::size_t bytes = 0;
    while (!waiting_.empty() && streams.size() < kMostBatchesInWrite && bytes < kMostBytesInWrite) {
      Waiting& next = waiting_.front();
      bytes += next.bytes;
      streams.push_back(next.stream);
      std::ranges::move(next.statements, std::back_inserter(statements));
      waiting_.pop_front();
    }
    waiting_bytes_ -= bytes;
    ++writes_;
    surroundings_.database.write(std::move(statements),
                                 [this, streams = std::move(streams)](const Written&) { written(streams); });
  }
}

// Whatever became of it: rows that are applied have been seen by now.
void Intake::written(const std::vector<StreamKey>& streams) {
  --writes_;
  for (const StreamKey& key : streams) settle(key);
}

// What has not come in when nothing is under way any more may come again.
void Intake::settle(const StreamKey& key) {
  Stream& stream = streams_[key];
  if (--stream.under_way == 0) stream.taken = stream.received;
}

void Intake::acknowledge(const StreamKey& key) {
  const Stream stream = stream_of(key);
  wire::FieldMessage message;
  wire::SensorAck& ack = *message.mutable_batch_ack();
  ack.set_buffer(key.buffer);
  ack.set_stream(key.stream);
  ack.set_received(stream.received);
  ack.set_credit(credit());
  if (early_.any(key)) ack.set_gap_after(stream.taken);
  surroundings_.env.trace.emit(
      {kBatchAcknowledged, {key.edge.value(), key.buffer, key.stream, stream.received}});
  surroundings_.send(key.edge, message);
}

void Intake::on_row(const sql::RowChange& change) {
  if (change.table != kStreams) return;
  if (change.after.empty()) {
    const StreamRow gone(change.before);
    streams_[{gone.edge, gone.buffer, gone.stream}].received = 0;  // somebody has deleted it
    return;
  }
  const StreamRow row(change.after);
  const StreamKey key{row.edge, row.buffer, row.stream};
  Stream& stream = streams_[key];
  stream.received = row.received;
  stream.taken = std::max(stream.taken, row.received);
  stream.readings = row.readings;
  stream.dropped = row.dropped;
  to_acknowledge_.insert(key);
}

void Intake::on_follow() {
  for (const Waiting& waiting : std::exchange(waiting_, {})) settle(waiting.stream);
  waiting_bytes_ = 0;
  early_.forget_all();
}

}  // namespace lockstep::hub
