// Coding of the buffer's rows, and reading all of them at the start.
#include "edge/buffer_rows.h"

#include "base/hash.h"
#include "base/text.h"
#include "edge/events.h"
#include "edge/trees.h"

namespace lockstep::edge {
namespace {

constexpr BytesView kBufferKey = "buffer";
constexpr Purpose kBufferId{"edge.buffer_id"};

struct StreamRow {
  std::uint32_t number = 0;
  StreamFacts facts;
};

Result<StreamRow> decode_stream(BytesView key, BytesView value) {
  ByteReader name(key);
  ByteReader in(value);
  StreamRow row;
  LOCKSTEP_TRY(number, name.ordered_u32());
  row.number = number;
  for (std::uint64_t* field :
       {&row.facts.next, &row.facts.announced, &row.facts.settled, &row.facts.dropped}) {
    LOCKSTEP_TRY(found, in.varint());
    *field = found;
  }
  if (!in.at_end()) {
    LOCKSTEP_TRY(own_id, in.u64());
    row.facts.own_id = own_id;
  }
  if (!name.at_end() || !in.at_end() || row.facts.next == 0 || row.facts.settled >= row.facts.next ||
      row.facts.announced >= row.facts.next)
    return fail(ErrorCode::kCorrupt, cat("expected the four numbers of stream ", number));
  return row;
}

// Nothing: the store is new.
Result<std::optional<std::uint64_t>> find_id(kv::Store& store, std::string_view edge) {
  LOCKSTEP_TRY(about, store.get(kAboutTree, kBufferKey));
  if (about) {
    ByteReader in(*about);
    LOCKSTEP_TRY(id, in.u64());
    LOCKSTEP_TRY(name, in.sized());
    if (name != edge)
      return fail(ErrorCode::kRefused,
                  cat("expected the store of edge '", edge, "', found that of '", name, "'"));
    return id;
  }
  if (!store.trees().empty())
    return fail(ErrorCode::kCorrupt, "expected the row 'buffer' in a store that has others");
  return std::nullopt;
}

Result<std::uint64_t> make_id(kv::Store& store, std::string_view edge, std::uint64_t seed) {
  const std::uint64_t id = draw(seed, kBufferId, 0, 0) | 1;  // zero means none
  Bytes value;
  ByteWriter(value).u64(id).sized(edge);
  kv::Batch batch;
  batch.put(kAboutTree, kBufferKey, value);
  LOCKSTEP_TRY_STATUS(store.write(batch));
  return id;
}

}  // namespace

Bytes stream_key(std::uint32_t stream) {
  Bytes key;
  ByteWriter(key).ordered_u32(stream);
  return key;
}

Bytes encode_stream(const StreamFacts& stream) {
  Bytes value;
  ByteWriter out(value);
  out.varint(stream.next).varint(stream.announced).varint(stream.settled).varint(stream.dropped);
  if (stream.own_id != 0) out.u64(stream.own_id);
  return value;
}

Bytes batch_key(std::uint32_t stream, std::uint64_t sequence) {
  Bytes key;
  ByteWriter(key).ordered_u32(stream).ordered_u64(sequence);
  return key;
}

Bytes encode_batch(const BatchFacts& facts, BytesView body) {
  Bytes value;
  ByteWriter(value).varint(facts.readings).u8(facts.thinned).raw(body);
  return value;
}

Result<BatchRow> decode_batch(BytesView key, BytesView value) {
  ByteReader name(key);
  ByteReader in(value);
  LOCKSTEP_TRY(stream, name.ordered_u32());
  LOCKSTEP_TRY(sequence, name.ordered_u64());
  LOCKSTEP_TRY(readings, in.varint());
  LOCKSTEP_TRY(thinned, in.u8());
  LOCKSTEP_TRY(body, in.raw(in.remaining()));
  wire::SensorBatch blocks;
  if (!name.at_end() || !append_blocks(body, blocks) || blocks.blocks_size() == 0)
    return fail(ErrorCode::kCorrupt, cat("expected blocks in batch ", sequence, " of stream ", stream));
  BatchRow row{stream, {}, body};
  row.facts.sequence = sequence;
  row.facts.readings = readings;
  row.facts.thinned = thinned;
  row.facts.bytes = body.size();
  row.facts.durable = true;
  return row;
}

Result<BufferContents> Buffer::restore(kv::Store& store, env::Trace& trace, std::string_view edge,
                                       std::uint64_t seed) {
  BufferContents contents;
  LOCKSTEP_TRY(known, find_id(store, edge));
  if (known) {
    contents.id = *known;
    contents.life = seed;
  } else {
    LOCKSTEP_TRY(made, make_id(store, edge, seed));
    contents.id = made;
  }
  const std::uint64_t id = contents.id;
  LOCKSTEP_TRY_STATUS(for_each_row(store, kStreamTree, [&](BytesView key, BytesView value) -> Status {
    LOCKSTEP_TRY(row, decode_stream(key, value));
    contents.streams[row.number] = std::move(row.facts);
    return {};
  }));
  LOCKSTEP_TRY_STATUS(for_each_row(store, kBatchTree, [&](BytesView key, BytesView value) -> Status {
    LOCKSTEP_TRY(row, decode_batch(key, value));
    const auto stream = contents.streams.find(row.stream);
    if (stream == contents.streams.end() || row.facts.sequence >= stream->second.next)
      return fail(ErrorCode::kCorrupt, cat("batch ", row.facts.sequence, " of stream ", row.stream,
                                           " is there, and the stream does not know of it"));
    if (row.facts.sequence > stream->second.announced)
      trace.emit(
          {kBuffered,
           {stream->second.id(id), row.stream, row.facts.sequence, row.facts.readings, hash64(row.body)}});
    stream->second.batches.push_back(std::move(row.facts));
    return {};
  }));
  for (auto& [number, stream] : contents.streams) {
    stream.announced = stream.restored = stream.next - 1;
    trace.emit({kStreamRestored,
                {stream.id(id), number, stream.next, stream.settled, stream.dropped, stream.batches.size()}});
  }
  return contents;
}

}  // namespace lockstep::edge
