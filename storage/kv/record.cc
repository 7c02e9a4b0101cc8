// Encoding of changes into records, and the walk over them.
#include "storage/kv/record.h"

#include "base/hash.h"

namespace lockstep::kv {

std::uint32_t value_checksum(BytesView key, BytesView value) { return crc32c(value, crc32c(key)); }

void Batch::put(TreeId tree, BytesView key, BytesView value) {
  ByteWriter(records_)
      .u8(static_cast<std::uint8_t>(RecordKind::kPut))
      .varint(tree)
      .sized(key)
      .sized(value)
      .u32(value_checksum(key, value));
}

void Batch::erase(TreeId tree, BytesView key) {
  ByteWriter(records_).u8(static_cast<std::uint8_t>(RecordKind::kErase)).varint(tree).sized(key);
}

void Batch::erase_range(TreeId tree, BytesView first, BytesView end) {
  ByteWriter(records_)
      .u8(static_cast<std::uint8_t>(RecordKind::kEraseRange))
      .varint(tree)
      .sized(first)
      .sized(end);
}

void append_number_record(Bytes& out, RecordKind kind, std::uint64_t number) {
  ByteWriter(out).u8(static_cast<std::uint8_t>(kind)).varint(number);
}

bool RecordReader::number(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && at_ < payload_.size(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(payload_[at_++]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool RecordReader::sized(BytesView& bytes) {
  std::uint64_t size = 0;
  if (!number(size) || size > payload_.size() - at_) return false;
  bytes = payload_.substr(at_, size);
  at_ += size;
  return true;
}

bool RecordReader::body(Record& record) {
  if (record.kind == RecordKind::kDropBefore || record.kind == RecordKind::kReserveIds)
    return number(record.number);
  std::uint64_t tree = 0;
  if (!number(tree) || tree > ~TreeId{0} || !sized(record.key)) return false;
  record.tree = static_cast<TreeId>(tree);
  switch (record.kind) {
    case RecordKind::kErase: return true;
    case RecordKind::kEraseRange: return sized(record.value);
    case RecordKind::kPut:
      if (!sized(record.value) || payload_.size() - at_ < kValueChecksumBytes) return false;
      record.value_at = at_ - record.value.size();
      at_ += kValueChecksumBytes;
      return true;
    default: return false;
  }
}

bool RecordReader::next(Record& record) {
  if (at_ >= payload_.size()) return false;
  record.at = at_;
  record.kind = RecordKind{static_cast<std::uint8_t>(payload_[at_])};
  if (record.kind == RecordKind::kEnd) {
    ended_well_ = at_ + 1 == payload_.size();
    return false;
  }
  ++at_;
  if (!body(record)) return false;
  record.bytes = at_ - record.at;
  return true;
}

}  // namespace lockstep::kv
