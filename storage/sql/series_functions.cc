// What works on one block, and the list of all.
#include "storage/sql/series_functions.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "storage/series/block.h"
#include "storage/sql/block_rows.h"
#include "storage/sql/priced_functions.h"

namespace lockstep::sql {
namespace {

using series::Point;

class Points final : public RowSource {
 public:
  Points(sqlite3*, Lane& lane) : lane_(lane) {}
  Accepted start(Arguments arguments) override {
    points_.clear();
    at_ = 0;
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return {};
    LOCKSTEP_TRY(block, block_argument(arguments[0], "series_points"));
    LOCKSTEP_TRY(points, unpack_charged(lane_, block, "series_points"));
    points_ = std::move(points);
    return {};
  }
  Accepted next() override {
    ++at_;
    return {};
  }
  bool at_end() const override { return at_ == points_.size(); }
  void column(sqlite3_context* context, int column) const override {
    if (column == 0) return sqlite3_result_int64(context, points_[at_].time_ns);
    sqlite3_result_double(context, points_[at_].value);
  }

 private:
  Lane& lane_;
  std::vector<Point> points_;
  std::size_t at_ = 0;
};

// It takes the whole block apart: what goes into a table must be sound.
class SummaryRow final : public RowSource {
 public:
  SummaryRow(sqlite3*, Lane& lane) : lane_(lane) {}
  Accepted start(Arguments arguments) override {
    found_.reset();
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return {};
    LOCKSTEP_TRY(block, block_argument(arguments[0], "series_summary"));
    LOCKSTEP_TRY(points, unpack_charged(lane_, block, "series_summary"));
    found_ = *series::summary(block);
    return {};
  }
  Accepted next() override {
    found_.reset();
    return {};
  }
  bool at_end() const override { return !found_; }
  void column(sqlite3_context* context, int column) const override {
    switch (column) {
      case 0: return sqlite3_result_int64(context, found_->first_ns);
      case 1: return sqlite3_result_int64(context, found_->last_ns);
      case 2: return sqlite3_result_int64(context, found_->count);
      case 3: return sqlite3_result_double(context, found_->least);
      case 4: return sqlite3_result_double(context, found_->greatest);
      default: return sqlite3_result_double(context, found_->sum);
    }
  }

 private:
  Lane& lane_;
  std::optional<series::Summary> found_;
};

template <class Source>
std::unique_ptr<RowSource> open(sqlite3* db, Lane& lane) {
  return std::make_unique<Source>(db, lane);
}

// The aggregate's points until it is finished; SQLite keeps the pointer, all zeros at first.
struct Packing {
  struct Taken {
    Point point;
    std::size_t order;
  };
  std::vector<Taken>* points;
};

void pack_step(sqlite3_context* context, int, sqlite3_value** arguments) {
  const int value_type = sqlite3_value_type(arguments[1]);
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL || value_type == SQLITE_NULL) return;
  if (sqlite3_value_type(arguments[0]) != SQLITE_INTEGER)
    return sqlite3_result_error(context, "series_pack(): expected an integer as time_ns, in nanoseconds", -1);
  if (value_type != SQLITE_FLOAT && value_type != SQLITE_INTEGER)
    return sqlite3_result_error(context, "series_pack(): expected a number as value", -1);
  const Point point{sqlite3_value_int64(arguments[0]), sqlite3_value_double(arguments[1])};
  if (!std::isfinite(point.value))
    return sqlite3_result_error(context, "series_pack(): a value is not finite", -1);
  auto* packing = static_cast<Packing*>(sqlite3_aggregate_context(context, sizeof(Packing)));
  if (packing == nullptr) return sqlite3_result_error_nomem(context);
  if (packing->points == nullptr) packing->points = new std::vector<Packing::Taken>;
  const std::size_t taken = packing->points->size();
  if (taken < series::kMostPoints) return packing->points->push_back({point, taken});
  const std::string message = cat("series_pack(): more than ", series::kMostPoints, " points for one block");
  sqlite3_result_error(context, message.c_str(), -1);
}

void pack_finish(sqlite3_context* context) {
  auto* packing = static_cast<Packing*>(sqlite3_aggregate_context(context, 0));
  if (packing == nullptr || packing->points == nullptr) return;  // no points: NULL
  const std::unique_ptr<std::vector<Packing::Taken>> taken(std::exchange(packing->points, nullptr));
  auto& lane = *static_cast<Lane*>(sqlite3_user_data(context));
  if (!lane.budget.charge(taken->size())) return interrupt(context);
  // Points of one time stay in the order in which they came.
  std::ranges::sort(*taken, {},
                    [](const Packing::Taken& each) { return std::pair(each.point.time_ns, each.order); });
  std::vector<Point> points;
  points.reserve(taken->size());
  for (const Packing::Taken& each : *taken) points.push_back(each.point);
  const Bytes block = series::pack(points);
  sqlite3_result_blob64(context, block.data(), block.size(), SQLITE_TRANSIENT);
}

}  // namespace

const TableFunction kSeriesPoints{.name = "series_points",
                                  .columns = "time_ns INTEGER, value REAL, block HIDDEN",
                                  .results = 2,
                                  .arguments = 1,
                                  .required = 1,
                                  .ascending = true,
                                  .rows = 100,
                                  .open = open<Points>};
const TableFunction kSeriesSummary{.name = "series_summary",
                                   .columns =
                                       "first_ns INTEGER, last_ns INTEGER, count INTEGER, least REAL, "
                                       "greatest REAL, sum REAL, block HIDDEN",
                                   .results = 6,
                                   .arguments = 1,
                                   .required = 1,
                                   .ascending = true,
                                   .rows = 1,
                                   .open = open<SummaryRow>};

int install_series_functions(sqlite3* db, Lane& lane) {
  for (const TableFunction* function : {&kSeriesPoints, &kSeriesSummary, &kSeriesRange, &kSeriesBuckets})
    if (const int rc = install_table_function(db, lane, *function); rc != SQLITE_OK) return rc;
  constexpr int kHow = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC;
  return sqlite3_create_function_v2(db, "series_pack", 2, kHow, &lane, nullptr, pack_step, pack_finish,
                                    nullptr);
}

}  // namespace lockstep::sql
