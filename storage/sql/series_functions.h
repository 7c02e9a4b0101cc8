// Time series in SQL: series_pack, series_points, series_summary over single blocks; series_range,
// series_buckets over the table series_blocks (docs/series.md).
#pragma once

#include <sqlite3.h>

#include "storage/sql/lane.h"

namespace lockstep::sql {

// Deterministic, and charged to the statement's budget. SQLite's result code: there may be no memory.
int install_series_functions(sqlite3* db, Lane& lane);

// One table-valued function each.
extern const struct TableFunction kSeriesPoints;
extern const struct TableFunction kSeriesSummary;
extern const struct TableFunction kSeriesRange;
extern const struct TableFunction kSeriesBuckets;

}  // namespace lockstep::sql
