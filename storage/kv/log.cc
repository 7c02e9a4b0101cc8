// Group commit, and the making and removing of segments.
#include "storage/kv/log.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "storage/kv/record.h"

namespace lockstep::kv {

void Log::adopt(std::deque<Segment> segments, End end) {
  segments_ = std::move(segments);
  end_ = end;
}

std::string Log::path(std::uint32_t id) const { return cat(options_.directory, "/", segment_name(id)); }

env::File& Log::file(std::uint32_t id) const {
  CHECK(!segments_.empty() && id >= segments_.front().id && id <= segments_.back().id, "segment ", id);
  return *segments_[id - segments_.front().id].file;
}

Status Log::open_segment(std::uint32_t id, const LogFacts& facts) {
  SegmentHeader header{.id = id,
                       .oldest = std::max(facts.oldest_segment, std::uint32_t{1}),
                       .first_sequence = end_.sequence,
                       .ids_reserved = facts.ids_reserved};
  if (!segments_.empty()) {
    header.previous_bytes = segments_.back().bytes;
    header.previous_chain = end_.chain;
  }
  const Bytes bytes = encode_segment_header(header);
  LOCKSTEP_TRY(file, disk_->open(path(id), env::OpenMode::kCreateNew));
  LOCKSTEP_TRY_STATUS(file->write_at(0, bytes));
  LOCKSTEP_TRY_STATUS(file->sync());
  // Without this a power loss could keep the groups and lose the name (dqlite#190).
  LOCKSTEP_TRY_STATUS(disk_->sync_dir(options_.directory));
  std::uint32_t chain = 0;
  LOCKSTEP_TRY(decoded, decode_segment_header(bytes, id, &chain));
  segments_.push_back({id, std::move(file), bytes.size()});
  end_ = {decoded.first_sequence, chain, bytes.size()};
  return {};
}

Result<Log::Appended> Log::append(std::span<const BytesView> records, const LogFacts& facts) {
  std::size_t size = kGroupHeaderBytes + 1;
  for (const BytesView part : records) size += part.size();
  if (size > kMaxGroupBytes)
    return fail(ErrorCode::kTooLarge,
                cat("expected batches of at most ", kMaxGroupBytes, " bytes, found ", size));
  const Segment& newest = segments_.back();
  if (newest.bytes >= std::min(options_.segment_bytes, kMaxSegmentBytes)) {
    // Gives back the space made ready; the next header says where this segment ends, so this need not be
    // durable.
    if (end_.ready > newest.bytes) LOCKSTEP_TRY_STATUS(newest.file->truncate(newest.bytes));
    LOCKSTEP_TRY_STATUS(open_segment(newest.id + 1, facts));
  }
  Segment& segment = segments_.back();
  buffer_.assign(kGroupHeaderBytes, '\0');
  for (const BytesView part : records) buffer_.append(part);
  buffer_.push_back(static_cast<char>(RecordKind::kEnd));
  const GroupPlace place{segment.id, segment.bytes};
  const std::uint32_t chain = seal_group(buffer_, place, end_.sequence, end_.chain);
  make_ready(segment.bytes + size);
  LOCKSTEP_TRY_STATUS(segment.file->write_at(segment.bytes, buffer_));
  LOCKSTEP_TRY_STATUS(segment.file->sync());
  segment.bytes += size;
  end_ = {end_.sequence + 1, chain, std::max(end_.ready, place.offset + buffer_.size())};
  return Appended{{place.segment, place.offset + kGroupHeaderBytes},
                  BytesView(buffer_).substr(kGroupHeaderBytes, size - kGroupHeaderBytes)};
}

void Log::make_ready(std::uint64_t group_end) {
  // A large group gains nothing from it and would pay for writing twice.
  if (group_end <= end_.ready || buffer_.size() > options_.ready_bytes / 16) return;
  buffer_.resize(buffer_.size() + options_.ready_bytes, '\0');
}

Status Log::remove_oldest() {
  CHECK(segments_.size() > 1);
  LOCKSTEP_TRY_STATUS(disk_->remove(path(segments_.front().id)));
  LOCKSTEP_TRY_STATUS(disk_->sync_dir(options_.directory));
  segments_.pop_front();
  return {};
}

}  // namespace lockstep::kv
