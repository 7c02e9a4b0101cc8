// The rows of the buffer in the store: docs/format/edge_store.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "edge/buffer.h"

namespace lockstep::edge {

Bytes stream_key(std::uint32_t stream);
Bytes encode_stream(const StreamFacts& stream);
Bytes batch_key(std::uint32_t stream, std::uint64_t sequence);
Bytes encode_batch(const BatchFacts& facts, BytesView body);

struct BatchRow {
  std::uint32_t stream = 0;
  BatchFacts facts;  // bytes: of the body
  BytesView body;    // into the value
};
// kCorrupt: the sentence names the row.
Result<BatchRow> decode_batch(BytesView key, BytesView value);

}  // namespace lockstep::edge
