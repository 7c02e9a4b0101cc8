// The records inside a group: one change each, or a fact about the log itself.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "storage/kv/batch.h"

namespace lockstep::kv {

// Values are on disk.
enum class RecordKind : std::uint8_t {
  kPut = 1,
  kErase = 2,
  kEraseRange = 3,
  kDropBefore = 4,  // segments with a smaller id hold nothing any more
  kReserveIds = 5,  // ids below this number may have been given out
  kEnd = 0xe5,      // the last byte of a group; never zero, so that a group whose end is missing shows it
};

struct Record {
  RecordKind kind = RecordKind::kEnd;
  TreeId tree = 0;
  BytesView key;             // kEraseRange: the first key
  BytesView value;           // kEraseRange: the end, empty for the end of the tree
  std::uint64_t number = 0;  // kDropBefore, kReserveIds
  std::size_t at = 0;        // where the record begins in its payload
  std::size_t bytes = 0;
  std::size_t value_at = 0;  // where the value begins in its payload
};

inline constexpr std::size_t kValueChecksumBytes = 4;

// What a live put is counted with; within a few bytes of what it takes.
constexpr std::uint64_t record_weight(std::size_t key_bytes, std::size_t value_bytes) {
  return 9 + key_bytes + value_bytes;
}

// Binds a value to its key; stored behind the value, so that one value can be read alone and still be
// checked.
std::uint32_t value_checksum(BytesView key, BytesView value);

void append_number_record(Bytes& out, RecordKind kind, std::uint64_t number);

// Walks the records of a payload whose checksum held. A decoder of its own and not ByteReader, because it
// runs once for every change written and replayed: a Result per field would cost more than the index.
class RecordReader {
 public:
  explicit RecordReader(BytesView payload) : payload_(payload) {}
  // False behind the last record, or where the bytes are no record.
  bool next(Record& record);
  // True once next() has met the end mark exactly at the end.
  bool ended_well() const { return ended_well_; }
  std::size_t offset() const { return at_; }

 private:
  bool number(std::uint64_t& value);
  bool sized(BytesView& bytes);
  bool body(Record& record);

  BytesView payload_;
  std::size_t at_ = 0;
  bool ended_well_ = false;
};

}  // namespace lockstep::kv
