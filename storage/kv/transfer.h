// Export and import: all trees of a store as one portable stream with checksums.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/kv/store.h"

namespace lockstep::kv {

// Hands the stream to `sink` in parts, in order; stops at the first error of the sink. Layout:
// docs/format/kv.md.
Status export_stream(Store& store, const std::function<Status(BytesView part)>& sink);

// Fills an empty store (otherwise kRefused). The whole stream is checked before anything is written, so a
// damaged one (kCorrupt) imports nothing. If a write fails the store holds a part, and like after any failed
// write nothing works.
Status import_stream(Store& store, BytesView stream);

}  // namespace lockstep::kv
