// series_buckets: a series made small, with what its blocks know of themselves where a block lies within one
// bucket.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "storage/sql/block_rows.h"
#include "storage/sql/series_functions.h"

namespace lockstep::sql {
namespace {

using series::Point;
constexpr std::string_view kName = "series_buckets";
constexpr std::size_t kMostBuckets = 100'000;

// In an order that no index changes: sums are added up in it.
constexpr std::string_view kBlocks =
    "SELECT first_ns, last_ns, count, least, greatest, sum, rowid FROM main.series_blocks WHERE series = ?1 "
    "AND last_ns >= ?2 AND (?3 IS NULL OR first_ns < ?3) ORDER BY first_ns, last_ns, rowid";
constexpr std::string_view kPoints = "SELECT points FROM main.series_blocks WHERE rowid = ?1";

struct Bucket {
  std::int64_t count;
  double least;
  double greatest;
  double sum;

  void add(const Bucket& more) {
    count += more.count;
    least = std::min(least, more.least);
    greatest = std::max(greatest, more.greatest);
    sum += more.sum;
  }
};

Refusal objection(std::string_view sentence) { return Refusal{SQLITE_ERROR, cat(kName, "(): ", sentence)}; }

class Buckets final : public RowSource {
 public:
  Buckets(sqlite3* db, Lane& lane) : rows_(db, lane, kName), block_(db, lane, kName) {}

  Accepted start(Arguments arguments) override {
    buckets_.clear();
    at_ = buckets_.end();
    LOCKSTEP_TRY(from, time_argument(arguments[1], kName, "from_ns"));
    LOCKSTEP_TRY(to, time_argument(arguments[2], kName, "to_ns"));
    LOCKSTEP_TRY(width, time_argument(arguments[3], kName, "width_ns"));
    if (!width || *width <= 0)
      return std::unexpected(objection("expected a positive width_ns, in nanoseconds"));
    range_ = {.from = from, .to = to};
    width_ = *width;
    LOCKSTEP_TRY_STATUS(rows_.begin(kBlocks));
    rows_.bind(1, arguments[0]);
    rows_.bind(2, from.value_or(INT64_MIN));
    rows_.bind(3, to);
    for (;;) {
      LOCKSTEP_TRY(found, rows_.step());
      if (!found) break;
      LOCKSTEP_TRY_STATUS(add_row());
    }
    at_ = buckets_.begin();
    return {};
  }

  Accepted next() override {
    ++at_;
    return {};
  }
  bool at_end() const override { return at_ == buckets_.end(); }
  void column(sqlite3_context* context, int column) const override {
    const Bucket& bucket = at_->second;
    switch (column) {
      case 0: return sqlite3_result_int64(context, at_->first);
      case 1: return sqlite3_result_int64(context, bucket.count);
      case 2: return sqlite3_result_double(context, bucket.least);
      case 3: return sqlite3_result_double(context, bucket.greatest);
      default: return sqlite3_result_double(context, bucket.sum / static_cast<double>(bucket.count));
    }
  }

 private:
  // Multiples of the width, downwards before 1970 too.
  std::int64_t bucket_of(std::int64_t time_ns) const {
    std::int64_t beyond = time_ns % width_;
    if (beyond < 0) beyond += width_;
    return time_ns < INT64_MIN + beyond ? INT64_MIN : time_ns - beyond;
  }

  Accepted add(std::int64_t time_ns, const Bucket& more) {
    const auto [at, is_new] = buckets_.try_emplace(bucket_of(time_ns), more);
    if (!is_new) at->second.add(more);
    if (buckets_.size() <= kMostBuckets) return {};
    return std::unexpected(
        objection(cat("more than ", kMostBuckets, " buckets: a larger width makes fewer")));
  }

  Accepted add_row() {
    LOCKSTEP_TRY(first, rows_.integer(0));
    LOCKSTEP_TRY(last, rows_.integer(1));
    const bool is_whole = range_.holds(first) && range_.holds(last) && bucket_of(first) == bucket_of(last);
    if (!is_whole) {
      LOCKSTEP_TRY(rowid, rows_.integer(6));
      return add_points(rowid);
    }
    LOCKSTEP_TRY(count, rows_.integer(2));
    LOCKSTEP_TRY(least, rows_.real(3));
    LOCKSTEP_TRY(greatest, rows_.real(4));
    LOCKSTEP_TRY(sum, rows_.real(5));
    if (count <= 0) return std::unexpected(objection("a row of series_blocks has no points"));
    return add(first, {.count = count, .least = least, .greatest = greatest, .sum = sum});
  }

  Accepted add_points(std::int64_t rowid) {
    LOCKSTEP_TRY_STATUS(block_.begin(kPoints));
    block_.bind(1, rowid);
    LOCKSTEP_TRY(found, block_.step());
    if (!found) return {};
    LOCKSTEP_TRY(points, block_.points(0));
    block_.end();
    for (const Point& point : points) {
      if (!range_.holds(point.time_ns)) continue;
      LOCKSTEP_TRY_STATUS(add(
          point.time_ns, {.count = 1, .least = point.value, .greatest = point.value, .sum = point.value}));
    }
    return {};
  }

  BlockRows rows_;
  BlockRows block_;
  TimeRange range_;
  std::int64_t width_ = 1;
  std::map<std::int64_t, Bucket> buckets_;
  std::map<std::int64_t, Bucket>::const_iterator at_ = buckets_.end();
};

}  // namespace

const TableFunction kSeriesBuckets{
    .name = "series_buckets",
    .columns =
        "bucket_ns INTEGER, count INTEGER, least REAL, greatest REAL, mean REAL, series HIDDEN, "
        "from_ns HIDDEN, to_ns HIDDEN, width_ns HIDDEN",
    .results = 5,
    .arguments = 4,
    .required = 4,
    .ascending = true,
    .rows = 200,
    .open = [](sqlite3* db, Lane& lane) -> std::unique_ptr<RowSource> {
      return std::make_unique<Buckets>(db, lane);
    }};

}  // namespace lockstep::sql
