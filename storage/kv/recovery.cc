// Replay. The files are judged first and changed last: a corrupt store is left as it was found.
#include "storage/kv/recovery.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "storage/kv/read_window.h"

namespace lockstep::kv {
namespace {

Error corrupt_at(std::uint32_t id, std::uint64_t offset, std::string_view what) {
  return {ErrorCode::kCorrupt,
          cat("segment ", segment_name(id), " is damaged at offset ", offset, ": ", what)};
}

struct Found {
  std::uint32_t id = 0;
  std::unique_ptr<env::File> file;
  std::optional<SegmentHeader> header;  // nullopt: not readable
  std::uint32_t chain = 0;
};

Result<Bytes> read_rest(env::File& file, std::uint64_t offset) {
  LOCKSTEP_TRY(size, file.size());
  Bytes rest(size > offset ? size - offset : 0, '\0');
  LOCKSTEP_TRY(read, file.read_at(offset, rest.data(), rest.size()));
  rest.resize(read);
  return rest;
}

// Walks the groups of one segment from its header on.
class Replay {
 public:
  Replay(Found& found, std::uint64_t sequence, Contents& contents)
      : found_(found),
        contents_(contents),
        window_(*found.file, ReadWindow::kLargest),
        chain_(found.chain),
        sequence_(sequence) {}

  // Applies the next group. False: the bytes at offset() are not a good group.
  Result<bool> next() {
    const GroupPlace place{found_.id, offset_};
    LOCKSTEP_TRY(head, window_.view(offset_, kGroupHeaderBytes));
    const auto header = read_group_header(head, place);
    if (!header) return false;
    if (header->sequence != sequence_ || header->previous != chain_)
      return std::unexpected(corrupt_at(found_.id, offset_,
                                        cat("expected group ", sequence_, " after ", chain_, ", found ",
                                            header->sequence, " after ", header->previous)));
    LOCKSTEP_TRY(payload, window_.view(offset_ + kGroupHeaderBytes, header->payload_bytes));
    if (!payload_is_intact(*header, payload)) return false;
    LOCKSTEP_TRY_STATUS(contents_.apply(payload, {found_.id, offset_ + kGroupHeaderBytes}));
    last_group_ = offset_;
    offset_ += kGroupHeaderBytes + header->payload_bytes;
    chain_ = header->checksum;
    ++sequence_;
    return true;
  }

  std::uint64_t offset() const { return offset_; }
  // The last group, or the segment header if there is none.
  std::uint64_t last_written() const { return last_group_; }
  std::uint32_t chain() const { return chain_; }
  std::uint64_t sequence() const { return sequence_; }

 private:
  Found& found_;
  Contents& contents_;
  ReadWindow window_;
  std::uint64_t offset_ = kSegmentHeaderBytes;
  std::uint64_t last_group_ = 0;
  std::uint32_t chain_;
  std::uint64_t sequence_;
};

class Recoverer {
 public:
  Recoverer(env::Disk& disk, const Options& options, Contents& contents, Recovery& recovery)
      : disk_(disk), options_(options), contents_(contents), recovery_(recovery), log_(disk, options) {}

  Result<Log> run() {
    LOCKSTEP_TRY_STATUS(find());
    LOCKSTEP_TRY_STATUS(judge_headers());
    if (!found_.empty()) LOCKSTEP_TRY_STATUS(replay_all());
    LOCKSTEP_TRY_STATUS(remove_unfinished());
    if (found_.empty()) {
      LOCKSTEP_TRY_STATUS(log_.open_segment(1, {}));
    } else {
      LOCKSTEP_TRY_STATUS(settle());
    }
    return std::move(log_);
  }

 private:
  Status find() {
    LOCKSTEP_TRY(names, disk_.list(options_.directory));
    for (const std::string& name : names) {
      const auto id = segment_id(name);
      if (!id) continue;
      Found found;
      found.id = *id;
      LOCKSTEP_TRY(file, disk_.open(log_.path(*id), env::OpenMode::kMustExist));
      found.file = std::move(file);
      Bytes bytes(kSegmentHeaderBytes, '\0');
      LOCKSTEP_TRY(read, found.file->read_at(0, bytes.data(), bytes.size()));
      bytes.resize(read);
      auto header = decode_segment_header(bytes, *id, &found.chain);
      if (header) {
        found.header = *header;
      } else if (header.error().code != ErrorCode::kCorrupt) {
        return std::unexpected(header.error());
      }
      found_.push_back(std::move(found));  // names are sorted, so ids are
    }
    return {};
  }

  Status judge_headers() {
    if (!found_.empty() && !found_.back().header) LOCKSTEP_TRY_STATUS(judge_unfinished());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (!found_[i].header) return std::unexpected(corrupt_at(found_[i].id, 0, "expected a segment header"));
      if (i > 0 && found_[i].id != found_[i - 1].id + 1) return missing(found_[i - 1].id + 1);
    }
    return {};
  }

  // The newest segment has no header. Its header is durable before anything follows it: so if a group is
  // there the header was damaged; otherwise the crash came while the segment was being made, and nothing was
  // in it.
  Status judge_unfinished() {
    Found& newest = found_.back();
    LOCKSTEP_TRY(rest, read_rest(*newest.file, 0));
    if (const auto group = find_group(rest, {newest.id, 0}))
      return std::unexpected(
          corrupt_at(newest.id, 0, cat("expected a header, a group follows at offset ", *group)));
    unfinished_ = newest.id;
    found_.pop_back();
    const std::uint32_t expected = found_.empty() ? 1 : found_.back().id + 1;
    if (*unfinished_ != expected) return missing(*unfinished_ - 1);
    return {};
  }

  Status missing(std::uint32_t id) const {
    return fail(ErrorCode::kCorrupt, cat("segment ", segment_name(id), " is missing"));
  }

  Status replay_all() {
    std::uint64_t sequence = found_.front().header->first_sequence;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      Found& found = found_[i];
      if (found.header->first_sequence != sequence)
        return std::unexpected(corrupt_at(
            found.id, 0,
            cat("expected to begin with group ", sequence, ", not ", found.header->first_sequence)));
      contents_.ids_reserved = found.header->ids_reserved;
      contents_.oldest_segment = found.header->oldest;
      Replay replay(found, sequence, contents_);
      const bool is_newest = i + 1 == found_.size();
      LOCKSTEP_TRY_STATUS(is_newest ? replay_newest(found, replay)
                                    : replay_closed(found, *found_[i + 1].header, replay));
      recovery_.batches += replay.sequence() - sequence;
      sequence = replay.sequence();
    }
    // Only the oldest segments are ever dropped, and the log says so before their files go.
    if (found_.front().id > contents_.oldest_segment) return missing(found_.front().id - 1);
    return {};
  }

  Status replay_closed(Found& found, const SegmentHeader& next, Replay& replay) {
    while (replay.offset() < next.previous_bytes) {
      LOCKSTEP_TRY(good, replay.next());
      if (!good)
        return std::unexpected(corrupt_at(found.id, replay.offset(), "expected a group in a closed segment"));
    }
    if (replay.offset() != next.previous_bytes || replay.chain() != next.previous_chain)
      return std::unexpected(corrupt_at(found.id, replay.offset(), "the next segment names another end"));
    segments_.push_back({found.id, std::move(found.file), replay.offset()});
    return {};
  }

  Status replay_newest(Found& found, Replay& replay) {
    for (;;) {
      LOCKSTEP_TRY(good, replay.next());
      if (!good) break;
    }
    LOCKSTEP_TRY(rest, read_rest(*found.file, replay.offset()));
    const Tail tail = judge_tail(rest, {found.id, replay.offset()});
    if (tail.verdict == TailVerdict::kDamaged)
      return std::unexpected(corrupt_at(found.id, replay.offset(), tail.reason));
    recovery_.torn_tail_bytes = tail.used_bytes;
    last_written_ = replay.last_written();
    end_ = {replay.sequence(), replay.chain(), replay.offset() + (tail.used_bytes == 0 ? rest.size() : 0)};
    segments_.push_back({found.id, std::move(found.file), replay.offset()});
    return {};
  }

  Status remove_unfinished() {
    if (!unfinished_) return {};
    LOCKSTEP_TRY_STATUS(disk_.remove(log_.path(*unfinished_)));
    return disk_.sync_dir(options_.directory);
  }

  // Makes durable what was replayed: after a process crash it may be in the system's cache only, and the
  // caller will answer for it from now on.
  Status settle() {
    Segment& newest = segments_.back();
    if (recovery_.torn_tail_bytes > 0) LOCKSTEP_TRY_STATUS(newest.file->truncate(newest.bytes));
    // A system that failed a sync may show pages as clean that never reached the device. Only the last group
    // can be among them; writing it again makes the sync below mean what it says.
    Bytes last(newest.bytes - last_written_, '\0');
    LOCKSTEP_TRY(read, newest.file->read_at(last_written_, last.data(), last.size()));
    if (read != last.size())
      return std::unexpected(corrupt_at(newest.id, last_written_, "the file became shorter"));
    LOCKSTEP_TRY_STATUS(newest.file->write_at(last_written_, last));
    LOCKSTEP_TRY_STATUS(newest.file->sync());
    LOCKSTEP_TRY_STATUS(disk_.sync_dir(options_.directory));
    log_.adopt(std::move(segments_), end_);
    while (log_.segments().front().id < contents_.oldest_segment) {
      const std::uint32_t id = log_.segments().front().id;
      if (contents_.live_bytes(id) != 0)
        return std::unexpected(corrupt_at(id, 0, "a dropped segment holds live data"));
      if (log_.segments().size() == 1)
        return std::unexpected(corrupt_at(id, 0, "the newest segment is dropped"));
      LOCKSTEP_TRY_STATUS(log_.remove_oldest());
    }
    return {};
  }

  env::Disk& disk_;
  const Options& options_;
  Contents& contents_;
  Recovery& recovery_;
  Log log_;
  std::vector<Found> found_;
  std::optional<std::uint32_t> unfinished_;
  std::deque<Segment> segments_;
  std::uint64_t last_written_ = 0;
  Log::End end_;
};

}  // namespace

Result<Log> recover(env::Disk& disk, const Options& options, Contents& contents, Recovery& recovery) {
  return Recoverer(disk, options, contents, recovery).run();
}

}  // namespace lockstep::kv
