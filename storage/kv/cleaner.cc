// The clean-up of the oldest segment.
#include "storage/kv/cleaner.h"

#include "base/text.h"
#include "storage/kv/read_window.h"
#include "storage/kv/record.h"

namespace lockstep::kv {

bool Cleaner::has_work(const Log& log, const Contents& contents) const {
  const auto& segments = log.segments();
  if (segments.size() < 2) return false;
  const auto is_sparse = [this](std::uint64_t live, std::uint64_t bytes) {
    return live * 100 < bytes * below_live_percent_;
  };
  const std::uint64_t oldest_live = contents.live_bytes(segments.front().id);
  if (oldest_live == 0 || is_sparse(oldest_live, segments.front().bytes)) return true;
  std::uint64_t live = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    live += contents.live_bytes(segments[i].id);
    bytes += segments[i].bytes;
  }
  return is_sparse(live, bytes);
}

Status Cleaner::collect(const Log& log, const Contents& contents, std::size_t budget, Bytes& records) {
  const Segment& oldest = log.segments().front();
  if (contents.live_bytes(oldest.id) == 0) offset_ = oldest.bytes;
  ReadWindow window(*oldest.file, ReadWindow::kLargest);
  const std::uint64_t read_until = offset_ + budget;
  while (offset_ < oldest.bytes && offset_ < read_until) {
    LOCKSTEP_TRY(head, window.view(offset_, kGroupHeaderBytes));
    const auto header = read_group_header(head, {oldest.id, offset_});
    if (!header)
      return fail(ErrorCode::kCorrupt,
                  cat("expected a group at offset ", offset_, " of ", segment_name(oldest.id)));
    LOCKSTEP_TRY(payload, window.view(offset_ + kGroupHeaderBytes, header->payload_bytes));
    if (!payload_is_intact(*header, payload))
      return fail(ErrorCode::kCorrupt,
                  cat("expected an intact group at offset ", offset_, " of ", segment_name(oldest.id)));
    collect_group(oldest, payload, contents, records);
    offset_ += kGroupHeaderBytes + header->payload_bytes;
  }
  finished_ = offset_ >= oldest.bytes;
  if (finished_) append_number_record(records, RecordKind::kDropBefore, oldest.id + 1);
  return {};
}

void Cleaner::collect_group(const Segment& segment, BytesView payload, const Contents& contents,
                            Bytes& records) {
  RecordReader reader(payload);
  for (Record record; reader.next(record);) {
    if (record.kind != RecordKind::kPut) continue;
    const Index* tree = contents.tree(record.tree);
    const Location* location = tree == nullptr ? nullptr : tree->find(record.key);
    const std::uint64_t offset = offset_ + kGroupHeaderBytes + record.value_at;
    if (location != nullptr && location->segment == segment.id && location->offset == offset)
      records.append(payload.substr(record.at, record.bytes));
  }
}

void Cleaner::restart() {
  offset_ = kSegmentHeaderBytes;
  finished_ = false;
}

}  // namespace lockstep::kv
