// The store: one log, what it adds up to, and the rules about failure.
#include "storage/kv/store.h"

#include <map>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"
#include "storage/kv/cleaner.h"
#include "storage/kv/contents.h"
#include "storage/kv/log.h"
#include "storage/kv/read_window.h"
#include "storage/kv/recovery.h"

namespace lockstep::kv {
namespace {

constexpr std::uint64_t kIdsAtATime = 1000;

// The first key behind all keys with this prefix; empty: the end of the tree.
Bytes prefix_end(BytesView prefix) {
  Bytes end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

// Cuts the checksum off a value that was read with it.
Result<BytesView> checked_value(BytesView stored, BytesView key, const Location& location) {
  if (stored.size() == location.size + kValueChecksumBytes) {
    const BytesView value = stored.substr(0, location.size);
    LOCKSTEP_TRY(checksum, ByteReader(stored.substr(location.size)).u32());
    if (checksum == value_checksum(key, value)) return value;
  }
  return fail(ErrorCode::kCorrupt, cat("the value at offset ", location.offset, " of ",
                                       segment_name(location.segment), " does not match its checksum"));
}

}  // namespace

class Store::State {
 public:
  State(Log log, Contents contents, const Options& options)
      : log_(std::move(log)),
        contents_(std::move(contents)),
        cleaner_(options.clean_below_live_percent),
        next_id_(std::max<std::uint64_t>(contents_.ids_reserved, 1)) {}

  // Makes the records durable, then visible, then known to the watches.
  Status commit(std::span<const BytesView> records) {
    LOCKSTEP_TRY_STATUS(usable());
    CHECK(!in_watch_, "a watch must not write");
    auto appended = log_.append(records, {contents_.oldest_segment, contents_.ids_reserved});
    if (!appended) {
      if (appended.error().code != ErrorCode::kTooLarge) broken_ = appended.error();
      return std::unexpected(std::move(appended).error());
    }
    std::vector<Change> changes;
    const auto applied =
        contents_.apply(appended->payload, appended->payload_place, watches_.empty() ? nullptr : &changes);
    CHECK(applied, "a batch does not read back: ", applied.error().message);
    notify(changes);
    return {};
  }

  Status usable() const {
    if (!broken_) return {};
    if (broken_->code == ErrorCode::kGone) return std::unexpected(*broken_);
    return fail(ErrorCode::kPoisoned, cat("an earlier write failed, recover first: ", broken_->message));
  }

  Result<std::optional<Bytes>> get(TreeId tree, BytesView key) {
    LOCKSTEP_TRY_STATUS(usable());
    const Index* index = contents_.tree(tree);
    const Location* location = index == nullptr ? nullptr : index->find(key);
    if (location == nullptr) return std::nullopt;
    const std::size_t size = location->size + kValueChecksumBytes;
    Result<std::size_t> read = 0;
    Bytes stored;
    stored.resize_and_overwrite(size, [&](char* into, std::size_t) {
      read = log_.file(location->segment).read_at(location->offset, into, size);
      return read.value_or(0);
    });
    if (!read) return std::unexpected(read.error());
    LOCKSTEP_TRY(value, checked_value(stored, key, *location));
    stored.resize(value.size());
    return stored;
  }

  Status scan(TreeId tree, BytesView first, BytesView end, const Visit& visit) {
    LOCKSTEP_TRY_STATUS(usable());
    const Index* index = contents_.tree(tree);
    if (index == nullptr) return {};
    std::map<std::uint32_t, ReadWindow> windows;
    for (auto cursor = index->lower_bound(first); !cursor.at_end(); cursor.next()) {
      const auto& [key, location] = cursor.entry();
      if (!end.empty() && end <= key) break;
      auto window = windows.find(location.segment);
      if (window == windows.end())
        window = windows.emplace(location.segment, ReadWindow(log_.file(location.segment))).first;
      LOCKSTEP_TRY(stored, window->second.view(location.offset, location.size + kValueChecksumBytes));
      LOCKSTEP_TRY(value, checked_value(stored, key, location));
      if (!visit(key, value)) break;
    }
    return {};
  }

  Result<std::uint64_t> next_id() {
    LOCKSTEP_TRY_STATUS(usable());
    if (next_id_ >= contents_.ids_reserved) {
      Bytes record;
      append_number_record(record, RecordKind::kReserveIds, next_id_ + kIdsAtATime);
      const BytesView records = record;
      LOCKSTEP_TRY_STATUS(commit(std::span(&records, 1)));
    }
    return next_id_++;
  }

  WatchId watch(TreeId tree, BytesView prefix, Watch watch) {
    CHECK(!in_watch_, "a watch must not change watches");
    watches_.push_back({++last_watch_, tree, Bytes(prefix), std::move(watch)});
    return last_watch_;
  }

  void unwatch(WatchId id) {
    CHECK(!in_watch_, "a watch must not change watches");
    std::erase_if(watches_, [id](const Watcher& watcher) { return watcher.id == id; });
  }

  Result<bool> clean_step(std::size_t budget_bytes) {
    LOCKSTEP_TRY_STATUS(usable());
    if (!cleaner_.has_work(log_, contents_)) return false;
    Bytes collected;
    LOCKSTEP_TRY_STATUS(cleaner_.collect(log_, contents_, budget_bytes, collected));
    const BytesView records = collected;
    // Not through commit(): a moved value is no change that a watch should hear of.
    if (!collected.empty()) LOCKSTEP_TRY_STATUS(rewrite(records));
    if (cleaner_.finished()) LOCKSTEP_TRY_STATUS(remove_oldest());
    return cleaner_.has_work(log_, contents_);
  }

  const Contents& contents() const { return contents_; }
  const Log& log() const { return log_; }

 private:
  struct Watcher {
    WatchId id;
    TreeId tree;
    Bytes prefix;
    Watch call;
  };

  Status rewrite(BytesView records) {
    auto appended = log_.append(std::span(&records, 1), {contents_.oldest_segment, contents_.ids_reserved});
    if (!appended) {
      broken_ = appended.error();
      return std::unexpected(std::move(appended).error());
    }
    return contents_.apply(appended->payload, appended->payload_place);
  }

  // What lived in the oldest segment is durable elsewhere, and so is the record that it does not count any
  // more.
  Status remove_oldest() {
    const std::uint32_t id = log_.segments().front().id;
    CHECK(contents_.live_bytes(id) == 0, "segment ", id, " still holds ", contents_.live_bytes(id));
    if (auto removed = log_.remove_oldest(); !removed) {
      broken_ = removed.error();
      return removed;
    }
    cleaner_.restart();
    return {};
  }

  void notify(const std::vector<Change>& changes) {
    in_watch_ = true;
    for (const Change& change : changes)
      for (const Watcher& watcher : watches_)
        if (watcher.tree == change.tree && change.key.starts_with(watcher.prefix))
          watcher.call({change.tree, change.key, change.value});
    in_watch_ = false;
  }

  Log log_;
  Contents contents_;
  Cleaner cleaner_;
  std::uint64_t next_id_;
  std::optional<Error> broken_;  // why nothing works any more
  std::vector<Watcher> watches_;
  WatchId last_watch_ = 0;
  bool in_watch_ = false;
};

Result<std::unique_ptr<Store>> Store::open(env::Disk& disk, Options options, Recovery* recovery) {
  if (options.clean_below_live_percent > 90)
    return fail(ErrorCode::kInvalidArgument, cat("expected clean_below_live_percent of at most 90, found ",
                                                 options.clean_below_live_percent));
  Contents contents;
  Recovery found;
  LOCKSTEP_TRY(log, recover(disk, options, contents, found));
  if (recovery) *recovery = found;
  return std::unique_ptr<Store>(
      new Store(std::make_unique<State>(std::move(log), std::move(contents), options)));
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Status Store::write(std::span<const Batch> batches) {
  std::vector<BytesView> records;
  records.reserve(batches.size());
  for (const Batch& batch : batches)
    if (!batch.empty()) records.push_back(batch.records());
  if (records.empty()) return state_->usable();
  return state_->commit(records);
}

Result<std::optional<Bytes>> Store::get(TreeId tree, BytesView key) { return state_->get(tree, key); }

Status Store::scan(TreeId tree, BytesView first, BytesView end, const Visit& visit) {
  return state_->scan(tree, first, end, visit);
}

Status Store::scan_prefix(TreeId tree, BytesView prefix, const Visit& visit) {
  return state_->scan(tree, prefix, prefix_end(prefix), visit);
}

Status Store::compare_and_swap(TreeId tree, BytesView key, std::optional<BytesView> expected,
                               std::optional<BytesView> desired) {
  LOCKSTEP_TRY(current, state_->get(tree, key));
  const bool holds =
      current.has_value() == expected.has_value() && (!current || BytesView(*current) == *expected);
  if (!holds) return fail(ErrorCode::kConflict, "the key does not hold the expected value");
  Batch batch;
  if (desired) {
    batch.put(tree, key, *desired);
  } else {
    batch.erase(tree, key);
  }
  return write(batch);
}

Result<std::uint64_t> Store::next_id() { return state_->next_id(); }
WatchId Store::watch(TreeId tree, BytesView prefix, Watch watch) {
  return state_->watch(tree, prefix, std::move(watch));
}
void Store::unwatch(WatchId id) { state_->unwatch(id); }

std::vector<TreeId> Store::trees() const {
  std::vector<TreeId> trees;
  for (const auto& [tree, index] : state_->contents().trees())
    if (!index.empty()) trees.push_back(tree);
  return trees;
}

Stats Store::stats() const {
  Stats stats;
  for (const auto& [tree, index] : state_->contents().trees()) stats.keys += index.size();
  for (const Segment& segment : state_->log().segments()) {
    ++stats.segments;
    stats.bytes += segment.bytes;
    stats.live_bytes += state_->contents().live_bytes(segment.id);
  }
  return stats;
}

Result<bool> Store::clean_step(std::size_t budget_bytes) { return state_->clean_step(budget_bytes); }

}  // namespace lockstep::kv
