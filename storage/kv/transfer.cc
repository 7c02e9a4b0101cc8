// The stream of export and import: blocks of puts, and an end block that counts them.
#include "storage/kv/transfer.h"

#include "base/hash.h"
#include "base/text.h"
#include "storage/kv/record.h"

namespace lockstep::kv {
namespace {

constexpr std::string_view kMagic = "lockstep-kv-1\n";
constexpr std::size_t kBlockBytes = 256 << 10;

// Length, checksum (continued from the block before, so that blocks cannot be left out or exchanged), then
// the bytes.
class BlockWriter {
 public:
  explicit BlockWriter(const std::function<Status(BytesView)>& sink) : sink_(sink) {}
  Status write(BytesView block) {
    checksum_ = crc32c(block, checksum_);
    Bytes head;
    ByteWriter(head).u32(static_cast<std::uint32_t>(block.size())).u32(checksum_);
    LOCKSTEP_TRY_STATUS(sink_(head));
    return sink_(block);
  }

 private:
  const std::function<Status(BytesView)>& sink_;
  std::uint32_t checksum_ = 0;
};

Status corrupt(std::size_t offset, std::string_view expected) {
  return fail(ErrorCode::kCorrupt, cat("expected ", expected, " at offset ", offset, " of the stream"));
}

// Checks the blocks in order and hands the records of each to `use`.
Status walk(BytesView stream, const std::function<Status(const Record&)>& use) {
  ByteReader reader(stream);
  if (const auto magic = reader.raw(kMagic.size()); !magic || *magic != kMagic) return corrupt(0, kMagic);
  std::uint32_t checksum = 0;
  std::uint64_t count = 0;
  for (;;) {
    const std::size_t offset = reader.offset();
    LOCKSTEP_TRY(size, reader.u32());
    LOCKSTEP_TRY(expected, reader.u32());
    LOCKSTEP_TRY(block, reader.raw(size));
    checksum = crc32c(block, checksum);
    if (checksum != expected) return corrupt(offset, "an intact block");
    if (block.size() == sizeof count) {  // no block of records is as short as the end block
      LOCKSTEP_TRY(announced, ByteReader(block).u64());
      if (announced != count || !reader.at_end()) return corrupt(offset, "the end");
      return {};
    }
    RecordReader records(block);
    for (Record record; records.next(record); ++count) {
      if (record.kind != RecordKind::kPut) return corrupt(offset, "puts only");
      LOCKSTEP_TRY_STATUS(use(record));
    }
    if (!records.ended_well()) return corrupt(offset, "a block of records");
  }
}

}  // namespace

Status export_stream(Store& store, const std::function<Status(BytesView part)>& sink) {
  LOCKSTEP_TRY_STATUS(sink(kMagic));
  BlockWriter blocks(sink);
  std::uint64_t count = 0;
  Batch batch;
  const auto flush = [&]() -> Status {
    Bytes block(batch.records());
    block.push_back(static_cast<char>(RecordKind::kEnd));
    batch.clear();
    return blocks.write(block);
  };
  for (const TreeId tree : store.trees()) {
    Status flushed;
    const Status scanned = store.scan(tree, "", "", [&](BytesView key, BytesView value) {
      batch.put(tree, key, value);
      ++count;
      if (batch.bytes() >= kBlockBytes) flushed = flush();
      return flushed.has_value();
    });
    if (!scanned) return scanned;
    if (!flushed) return flushed;
  }
  if (!batch.empty()) LOCKSTEP_TRY_STATUS(flush());
  Bytes end;
  ByteWriter(end).u64(count);
  return blocks.write(end);
}

Status import_stream(Store& store, BytesView stream) {
  if (!store.trees().empty()) return fail(ErrorCode::kRefused, "expected an empty store to import into");
  LOCKSTEP_TRY_STATUS(walk(stream, [](const Record&) -> Status { return {}; }));
  Batch batch;
  const Status written = walk(stream, [&](const Record& record) -> Status {
    batch.put(record.tree, record.key, record.value);
    if (batch.bytes() < kBlockBytes) return {};
    LOCKSTEP_TRY_STATUS(store.write(batch));
    batch.clear();
    return {};
  });
  return written ? store.write(batch) : written;
}

}  // namespace lockstep::kv
