// series_range: the points of a series in the order of their times, although blocks may overlap or come late.
#include <algorithm>

#include "base/text.h"
#include "storage/sql/block_rows.h"
#include "storage/sql/series_functions.h"

namespace lockstep::sql {
namespace {

using series::Point;
constexpr std::string_view kName = "series_range";

// Blocks in the order of their first times. The plus signs keep an index from giving that order: so all rows
// are read before the first point is shown, and a statement that writes the table never meets its own rows.
constexpr std::string_view kBlocks =
    "SELECT first_ns, last_ns, points FROM main.series_blocks WHERE series = ?1 AND last_ns >= ?2 "
    "AND (?3 IS NULL OR first_ns < ?3) ORDER BY +first_ns, +last_ns, +points";

class Range final : public RowSource {
 public:
  Range(sqlite3* db, Lane& lane) : rows_(db, lane, kName) {}

  Accepted start(Arguments arguments) override {
    open_.clear();
    opened_ = 0;
    LOCKSTEP_TRY(from, time_argument(arguments[1], kName, "from_ns"));
    LOCKSTEP_TRY(to, time_argument(arguments[2], kName, "to_ns"));
    range_ = {.from = from, .to = to};
    LOCKSTEP_TRY_STATUS(rows_.begin(kBlocks));
    rows_.bind(1, arguments[0]);
    rows_.bind(2, from.value_or(INT64_MIN));
    rows_.bind(3, to);
    LOCKSTEP_TRY_STATUS(step());
    return merge();
  }

  Accepted next() override {
    std::ranges::pop_heap(open_, later);
    Open& block = open_.back();
    if (++block.at == block.end) {
      open_.pop_back();
    } else {
      std::ranges::push_heap(open_, later);
    }
    return merge();
  }
  bool at_end() const override { return open_.empty(); }
  void column(sqlite3_context* context, int column) const override {
    const Point& point = open_.front().points[open_.front().at];
    if (column == 0) return sqlite3_result_int64(context, point.time_ns);
    sqlite3_result_double(context, point.value);
  }

 private:
  // A block that is being shown: its points [at, end).
  struct Open {
    std::vector<Point> points;
    std::size_t at;
    std::size_t end;
    std::uint64_t order;  // of points of one time the earlier block's come first
    std::int64_t time() const { return points[at].time_ns; }
  };
  static bool later(const Open& a, const Open& b) {
    return a.time() != b.time() ? a.time() > b.time() : a.order > b.order;
  }

  Accepted step() {
    LOCKSTEP_TRY(found, rows_.step());
    at_row_ = found;
    if (!at_row_) return {};
    LOCKSTEP_TRY(first, rows_.integer(0));
    next_first_ = first;
    return {};
  }

  // Opens every block that may hold the next point. The front of the heap is that point then.
  Accepted merge() {
    while (at_row_ && (open_.empty() || next_first_ <= open_.front().time())) {
      LOCKSTEP_TRY_STATUS(add_block());
      LOCKSTEP_TRY_STATUS(step());
    }
    return {};
  }

  Accepted add_block() {
    LOCKSTEP_TRY(last, rows_.integer(1));
    LOCKSTEP_TRY(points, rows_.points(2));
    if (points.front().time_ns != next_first_ || points.back().time_ns != last)
      return std::unexpected(
          Refusal{SQLITE_ERROR, cat(kName, "(): a row of series_blocks has other times than its block")});
    const auto at = [&](const std::optional<std::int64_t>& bound, std::size_t otherwise) {
      if (!bound) return otherwise;
      return static_cast<std::size_t>(std::ranges::lower_bound(points, *bound, {}, &Point::time_ns) -
                                      points.begin());
    };
    const std::size_t first = at(range_.from, 0);
    const std::size_t end = at(range_.to, points.size());
    if (first >= end) return {};
    open_.push_back({std::move(points), first, end, opened_++});
    std::ranges::push_heap(open_, later);
    return {};
  }

  BlockRows rows_;
  TimeRange range_;
  bool at_row_ = false;
  std::int64_t next_first_ = 0;
  std::vector<Open> open_;  // a heap, the next point in front
  std::uint64_t opened_ = 0;
};

}  // namespace

const TableFunction kSeriesRange{
    .name = "series_range",
    .columns = "time_ns INTEGER, value REAL, series HIDDEN, from_ns HIDDEN, to_ns HIDDEN",
    .results = 2,
    .arguments = 3,
    .required = 1,
    .ascending = true,
    .rows = 1000,
    .open = [](sqlite3* db, Lane& lane) -> std::unique_ptr<RowSource> {
      return std::make_unique<Range>(db, lane);
    }};

}  // namespace lockstep::sql
