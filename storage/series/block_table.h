// The table of blocks by its SQL: whoever makes it, makes this one (docs/series.md).
#pragma once

#include <string_view>

namespace lockstep::series {

inline constexpr std::string_view kBlockTable = "series_blocks";

inline constexpr std::string_view kCreateBlockTable =
    "CREATE TABLE IF NOT EXISTS series_blocks(series TEXT NOT NULL, first_ns INTEGER NOT NULL, "
    "last_ns INTEGER NOT NULL, count INTEGER NOT NULL, least REAL NOT NULL, greatest REAL NOT NULL, "
    "sum REAL NOT NULL, points BLOB NOT NULL)";
// With first_ns, so that blocks behind a range are passed over without a look at their rows.
inline constexpr std::string_view kCreateBlockIndex =
    "CREATE INDEX IF NOT EXISTS series_blocks_by_time ON series_blocks(series, last_ns, first_ns)";

// ?1: the series. ?2: a block. A block that is none is refused.
inline constexpr std::string_view kInsertBlock =
    "INSERT INTO series_blocks SELECT ?1, first_ns, last_ns, count, least, greatest, sum, ?2 "
    "FROM series_summary(?2)";

// Retention, a piece at a time: at most ?2 blocks of any series that end before ?1. It finds the series, and
// in each the old blocks, through the index; changes() is below ?2 when there are no more.
inline constexpr std::string_view kDeleteOldBlocks =
    "WITH RECURSIVE names(series) AS (SELECT min(series) FROM series_blocks UNION ALL "
    "SELECT (SELECT min(b.series) FROM series_blocks b WHERE b.series > names.series) FROM names "
    "WHERE names.series IS NOT NULL) "
    "DELETE FROM series_blocks WHERE rowid IN (SELECT b.rowid FROM names CROSS JOIN series_blocks b "
    "ON b.series = names.series AND b.last_ns < ?1 LIMIT ?2)";

}  // namespace lockstep::series
