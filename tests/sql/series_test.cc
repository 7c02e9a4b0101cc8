// Stories about time series in SQL: blocks there and back, ranges and buckets beside a model, damage, cost,
// retention.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/prng.h"
#include "storage/series/block.h"
#include "storage/series/block_table.h"
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

using series::Point;

class Series : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    make_table(node);
  }
  static void make_table(Node& of) {
    of.must(std::string(series::kCreateBlockTable));
    of.must(std::string(series::kCreateBlockIndex));
  }
  static Statement insertion(std::string name, Bytes block) {
    return stmt(std::string(series::kInsertBlock), {std::move(name), Blob{std::move(block)}});
  }
  void add(const std::string& name, const std::vector<Point>& points) {
    const BatchResult result = node.apply(Batch{insertion(name, series::pack(points))});
    ASSERT_EQ(result.outcome, Outcome::kOk) << result.message;
  }
  void expect_error(const std::string& sql, const std::string& message) {
    const BatchResult result = node.apply(sql);
    EXPECT_EQ(result.outcome, Outcome::kSqlError) << sql;
    EXPECT_EQ(result.message, message) << sql;
  }
  // What the machine says, and a reader too.
  std::vector<std::vector<Value>> rows(const std::string& sql) {
    const auto by_machine = node.select(sql).rows;
    const auto by_reader = node.reader()->query(stmt(sql), {});
    EXPECT_TRUE(by_reader && by_reader->rows.rows == by_machine) << sql;
    return by_machine;
  }
  std::vector<Point> range(const std::string& arguments) {
    std::vector<Point> points;
    for (const auto& row : rows("SELECT time_ns, value FROM series_range(" + arguments + ")"))
      points.push_back({std::get<std::int64_t>(row[0]), std::get<double>(row[1])});
    return points;
  }
};

TEST_F(Series, ABlockIsMadeAndTakenApartInSql) {
  node.must("CREATE TABLE raw(t, v)");
  node.must(
      "INSERT INTO raw VALUES(3000, 2.5), (1000, 1.5), (2000, NULL), (2000, 1), (NULL, 7), (2000, 0.5)");
  EXPECT_EQ(rows("SELECT p.time_ns, p.value FROM (SELECT series_pack(t, v) AS b FROM raw) AS x, "
                 "series_points(x.b) AS p"),
            (std::vector<std::vector<Value>>{{std::int64_t{1000}, 1.5},
                                             {std::int64_t{2000}, 1.0},
                                             {std::int64_t{2000}, 0.5},
                                             {std::int64_t{3000}, 2.5}}));
  EXPECT_EQ(rows("SELECT s.* FROM (SELECT series_pack(t, v) AS b FROM raw) AS x, series_summary(x.b) AS s"),
            (std::vector<std::vector<Value>>{
                {std::int64_t{1000}, std::int64_t{3000}, std::int64_t{4}, 0.5, 2.5, 5.5}}));
  EXPECT_EQ(node.text("SELECT typeof(series_pack(t, v)) FROM raw WHERE 0"), "null");
  EXPECT_EQ(node.number("SELECT count(*) FROM series_points(NULL)"), 0);
  EXPECT_EQ(node.number("SELECT count(*) FROM series_summary(NULL)"), 0);
  EXPECT_EQ(
      node.number(
          "SELECT count(*) FROM raw AS r, series_points((SELECT series_pack(t, v) FROM raw WHERE t >= r.t))"),
      1 + 4 + 3 * 3);
}

TEST_F(Series, WhatCannotBePackedIsRefusedWithAReason) {
  expect_error("SELECT series_pack('now', 1)",
               "series_pack(): expected an integer as time_ns, in nanoseconds");
  expect_error("SELECT series_pack(1, 'x')", "series_pack(): expected a number as value");
  expect_error("SELECT series_pack(1, 9e999)", "series_pack(): a value is not finite");
  expect_error(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4097) "
      "SELECT length(series_pack(i, i)) FROM n",
      "series_pack(): more than 4096 points for one block");
  expect_error("SELECT series_pack(1)", "wrong number of arguments to function series_pack()");
  expect_error("SELECT series_pack(1, 2) OVER ()", "series_pack() may not be used as a window function");
  EXPECT_EQ(node.number("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4096) "
                        "SELECT count FROM (SELECT series_pack(-i, i) AS b FROM n), series_summary(b)"),
            4096);
}

TEST_F(Series, ABlockThatIsNoneEntersNoTable) {
  Bytes block = series::pack(std::vector<Point>{{1000, 1.5}, {2000, 2.5}});
  block.back() = static_cast<char>(block.back() ^ 0x40);
  const BatchResult result = node.apply(Batch{insertion("a", block)});
  EXPECT_EQ(result.outcome, Outcome::kSqlError);
  EXPECT_EQ(result.message.substr(0, 38), "series_summary(): a block of a series:");
  EXPECT_EQ(node.number("SELECT count(*) FROM series_blocks"), 0);
  expect_error("SELECT * FROM series_points('text')", "series_points(): expected a block, which is a BLOB");
  expect_error("SELECT * FROM series_points(x'')", "series_points(): a block of a series: it is empty");
  expect_error("SELECT * FROM series_points", "series_points(): expected at least 1 argument");
  expect_error("DELETE FROM series_points", "table series_points may not be modified");
  node.expect_digest_is_scan();
}

// Blocks of three series, many of them late or overlapping.
struct Drawn {
  explicit Drawn(std::uint64_t seed) : draws(seed, Purpose("test.series_sql"), 0) {}

  std::pair<std::string, std::vector<Point>> block() {
    const std::string name(1, static_cast<char>('a' + draws.next_below(3)));
    auto time = static_cast<std::int64_t>(draws.next_below(2000)) - 1000;
    std::vector<Point> points;
    const std::uint64_t count = 1 + draws.next_below(12);
    for (std::uint64_t at = 0; at < count; ++at) {
      const double value = static_cast<double>(draws.next_below(1000)) / 8;  // sums are exact
      points.push_back({time, value});
      time += static_cast<std::int64_t>(draws.next_below(40));
    }
    return {name, points};
  }

  Stream draws;
};

TEST_F(Series, ARangeIsTheModelsInTheOrderOfTime) {
  Drawn drawn(1);
  std::map<std::string, std::vector<Point>> model;
  for (int block = 0; block < 120; ++block) {
    const auto [name, points] = drawn.block();
    add(name, points);
    model[name].insert(model[name].end(), points.begin(), points.end());
  }
  const auto by_time_then_value = [](const Point& p) { return std::pair(p.time_ns, p.value); };
  for (auto& [name, points] : model) std::ranges::sort(points, {}, by_time_then_value);
  for (int query = 0; query < 60; ++query) {
    const std::string name(1, static_cast<char>('a' + drawn.draws.next_below(3)));
    const auto from = static_cast<std::int64_t>(drawn.draws.next_below(2400)) - 1200;
    const std::int64_t to = from + static_cast<std::int64_t>(drawn.draws.next_below(900));
    std::vector<Point> expected;
    std::ranges::copy_if(model[name], std::back_inserter(expected),
                         [&](const Point& p) { return p.time_ns >= from && p.time_ns < to; });
    std::vector<Point> found = range(cat("'", name, "', ", from, ", ", to));
    EXPECT_TRUE(std::ranges::is_sorted(found, {}, &Point::time_ns));
    std::ranges::sort(found, {}, by_time_then_value);
    EXPECT_EQ(found, expected) << name << " from " << from << " to " << to;
  }
  EXPECT_EQ(range("'a'").size(), model["a"].size());
  EXPECT_EQ(range("'a', NULL, 0").size() + range("'a', 0").size(), model["a"].size());
  EXPECT_TRUE(range("'nobody'").empty());
  EXPECT_TRUE(range("NULL").empty());
  EXPECT_TRUE(range("'a', 100, 100").empty());
}

TEST_F(Series, BucketsAreTheModelsWhetherBlocksAreWholeOrNot) {
  Drawn drawn(2);
  std::map<std::string, std::vector<Point>> model;
  for (int block = 0; block < 120; ++block) {
    const auto [name, points] = drawn.block();
    add(name, points);
    model[name].insert(model[name].end(), points.begin(), points.end());
  }
  for (const std::int64_t width : {1, 7, 100, 1000, 100'000}) {
    const auto from = static_cast<std::int64_t>(drawn.draws.next_below(2000)) - 1000;
    const std::int64_t to = from + 700;
    std::map<std::int64_t, std::vector<double>> expected;
    for (const Point& point : model["b"]) {
      if (point.time_ns < from || point.time_ns >= to) continue;
      const auto bucket = static_cast<std::int64_t>(
                              std::floor(static_cast<double>(point.time_ns) / static_cast<double>(width))) *
                          width;
      expected[bucket].push_back(point.value);
    }
    const auto found = rows(cat("SELECT * FROM series_buckets('b', ", from, ", ", to, ", ", width, ")"));
    ASSERT_EQ(found.size(), expected.size());
    auto at = expected.begin();
    for (const auto& row : found) {
      const auto& [bucket, values] = *at++;
      double sum = 0;
      for (const double value : values) sum += value;
      const std::vector<Value> row_expected = {
          bucket, static_cast<std::int64_t>(values.size()), *std::ranges::min_element(values),
          *std::ranges::max_element(values), sum / static_cast<double>(values.size())};
      EXPECT_EQ(row, row_expected) << "width " << width << ", bucket " << bucket;
    }
  }
  EXPECT_EQ(node.number("SELECT sum(count) FROM series_buckets('b', NULL, NULL, 50)"),
            static_cast<std::int64_t>(model["b"].size()));
}

TEST_F(Series, BucketsReachTheEndsOfTime) {
  add("a", {{INT64_MIN, 1}, {INT64_MIN + 5, 2}, {INT64_MAX, 4}});
  EXPECT_EQ(rows("SELECT bucket_ns, count FROM series_buckets('a', NULL, NULL, 1000)"),
            (std::vector<std::vector<Value>>{{INT64_MIN, std::int64_t{2}},
                                             {INT64_MAX - INT64_MAX % 1000, std::int64_t{1}}}));
  EXPECT_EQ(range("'a'").size(), 3u);
  expect_error("SELECT * FROM series_buckets('a', 0, 10, 0)",
               "series_buckets(): expected a positive width_ns, in nanoseconds");
  expect_error("SELECT * FROM series_buckets('a', 0, 10)", "series_buckets(): expected at least 4 arguments");
  expect_error("SELECT * FROM series_range('a', '2026-01-01')",
               "series_range(): expected an integer as from_ns, in nanoseconds");
}

TEST_F(Series, ABucketOfAWholeBlockDoesNotTakeItApart) {
  add("a", {{100, 1}, {150, 3}});
  add("a", {{200, 5}, {350, 7}});
  // Damaged behind its head: whoever opens it will know.
  node.must(
      "UPDATE series_blocks SET points = substr(points, 1, length(points) - 1) || x'ff' WHERE first_ns = "
      "100");
  EXPECT_EQ(node.number("SELECT count FROM series_buckets('a', 0, 200, 100)"), 2);
  EXPECT_EQ(node.apply("SELECT * FROM series_buckets('a', 0, 200, 20)").outcome, Outcome::kSqlError);
  EXPECT_EQ(node.apply("SELECT * FROM series_range('a', 0, 200)").outcome, Outcome::kSqlError);
  EXPECT_EQ(range("'a', 200").size(), 2u) << "blocks outside of the range are not looked at";
}

TEST_F(Series, RowsThatAreNoBlocksAreToldAndStopNobody) {
  add("a", {{100, 1}, {150, 3}});
  const auto broken = [&](const std::string& change, const std::string& message) {
    node.must("UPDATE series_blocks SET " + change);
    expect_error("SELECT * FROM series_range('a')", message);
    node.must("DELETE FROM series_blocks");
    add("a", {{100, 1}, {150, 3}});
  };
  broken("points = 'text'", "series_range(): a row of series_blocks has no block in its column points");
  broken("points = x'0102'",
         "series_range(): a block of a series: expected 1 bytes at offset 2, found 0");
  broken("first_ns = 'text'", "series_range(): a row of series_blocks has no integer in its column first_ns");
  broken("first_ns = 50", "series_range(): a row of series_blocks has other times than its block");
  broken("points = zeroblob(300000)", "series_range(): a row of series_blocks is too large for a block");
  node.must("UPDATE series_blocks SET count = 0");
  expect_error("SELECT * FROM series_buckets('a', NULL, NULL, 1000)",
               "series_buckets(): a row of series_blocks has no points");
  node.must("DROP TABLE series_blocks");
  expect_error("SELECT * FROM series_range('a')",
               "series_range(): there is no table series_blocks(series, first_ns, last_ns, count, least, "
               "greatest, sum, "
               "points)");
}

TEST_F(Series, AViewInPlaceOfTheTableIsRefused) {
  node.must("DROP TABLE series_blocks");
  node.must(
      "CREATE VIEW series_blocks AS SELECT 'a' AS series, 0 AS first_ns, 0 AS last_ns, value AS points "
      "FROM series_range('a')");
  EXPECT_EQ(node.apply("SELECT * FROM series_range('a')").outcome, Outcome::kSqlError)
      << "it would call itself";
  node.must("DROP VIEW series_blocks");
  node.must(
      "CREATE VIEW series_blocks AS SELECT space AS series, 0 AS first_ns, 0 AS last_ns, value AS points "
      "FROM _lockstep_state");
  EXPECT_EQ(node.apply("SELECT * FROM series_range(1)").outcome, Outcome::kSqlError);
}

TEST_F(Series, ViewsAndTriggersMayCallThem) {
  node.must("CREATE TABLE latest(series PRIMARY KEY, value)");
  node.must(
      "CREATE TRIGGER follow AFTER INSERT ON series_blocks BEGIN "
      "REPLACE INTO latest SELECT new.series, value FROM series_points(new.points) ORDER BY time_ns DESC "
      "LIMIT 1; END");
  node.must("CREATE VIEW minutes AS SELECT * FROM series_buckets('a', NULL, NULL, 60)");
  add("a", {{100, 1}, {150, 3}});
  EXPECT_EQ(node.number("SELECT CAST(value AS INTEGER) FROM latest"), 3);
  EXPECT_EQ(node.number("SELECT count(*) FROM minutes"), 2);
  node.expect_digest_is_scan();
}

TEST_F(Series, AStatementThatWritesWhatItReadsEnds) {
  for (int at = 0; at < 5; ++at) add("a", {{at * 10, 1}, {at * 10 + 5, 2}});
  node.must(
      "INSERT INTO series_blocks SELECT 'a', s.* , b FROM (SELECT series_pack(time_ns + 1000, value) AS b "
      "FROM series_range('a') GROUP BY time_ns / 10), series_summary(b) AS s");
  EXPECT_EQ(range("'a'").size(), 20u);
  node.must(
      "INSERT INTO series_blocks SELECT 'a', time_ns + 5000, time_ns + 5000, 1, value, value, value, "
      "x'00' FROM series_range('a')");
  EXPECT_EQ(node.number("SELECT count(*) FROM series_blocks"), 30);
  node.expect_digest_is_scan();
}

TEST_F(Series, WorkInsideIsWorkOfTheStatement) {
  std::vector<Point> points;
  for (std::int64_t at = 0; at < 4000; ++at)
    points.push_back({at, static_cast<double>(at * 7919 % 1000) / 7});
  add("a", points);
  for (int at = 0; at < 40; ++at) add("b", points);
  const std::string rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) ";
  for (const char* query :
       {"SELECT count(*) FROM n, series_range('a', n.i)",
        "SELECT count(*) FROM n, series_range('b', n.i, n.i)",
        "SELECT count(*) FROM n, series_buckets('b', n.i, NULL, 1000)",
        "SELECT count(*) FROM n, series_points((SELECT points FROM series_blocks WHERE n.i LIMIT 1))"}) {
    const BatchResult result = node.apply(rows + query);
    EXPECT_EQ(result.outcome, Outcome::kLimit) << query;
    EXPECT_EQ(result.message, "more than 10000000 operations, where those on large values count for more")
        << query;
  }
  // One large block costs what its points cost, not what a large value costs in every operation.
  EXPECT_EQ(node.number("SELECT count(*) FROM series_range('a')"), 4000);
  EXPECT_EQ(node.number("SELECT count(*) FROM series_range('b')"), 160'000);
  EXPECT_EQ(node.apply("SELECT count(*) FROM series_buckets('a', NULL, NULL, 1)").outcome, Outcome::kOk);
}

TEST_F(Series, ARangeReadsOnlyBlocksThatOverlap) {
  sim::DiskImage small_disk{2};
  Options options;
  options.max_operations = 20'000;
  Node small(small_disk, options);
  ASSERT_TRUE(small.open());
  make_table(small);
  for (std::int64_t block = 0; block < 1500; ++block) {
    std::vector<Point> points;
    for (std::int64_t at = 0; at < 40; ++at) points.push_back({block * 1000 + at, 1});
    ASSERT_EQ(small.apply(Batch{insertion("a", series::pack(points))}).outcome, Outcome::kOk);
  }
  EXPECT_EQ(small.apply("SELECT count(*) FROM series_range('a')").outcome, Outcome::kLimit)
      << "60,000 points are many";
  for (const std::int64_t from : {1'480'000, 700'000, 0}) {
    const std::string arguments = cat("('a', ", from, ", ", from + 20'000);
    EXPECT_EQ(small.number(cat("SELECT count(*) FROM series_range", arguments, ")")), 800);
    EXPECT_EQ(small.number(cat("SELECT sum(count) FROM series_buckets", arguments, ", 10000)")), 800);
  }
}

// A range of which nothing is shown is nearly all inner query.
TEST_F(Series, TheInnerQueryCountsAsWhatItIs) {
  const std::string nothing = "SELECT count(*) FROM series_range('a', 500, 501)";
  sim::DiskImage image{2};
  {
    Node maker(image);
    ASSERT_TRUE(maker.open());
    make_table(maker);
    for (int block = 0; block < 300; ++block)
      ASSERT_EQ(maker.apply(Batch{insertion("a", series::pack({{{0, 1}, {1000, 1}}}))}).outcome, Outcome::kOk);
  }
  const auto passes = [&](std::uint64_t limit, std::size_t times) {
    Node limited(image, {.max_operations = limit});
    EXPECT_TRUE(limited.open());
    return limited.apply(Batch(times, stmt(nothing))).outcome == Outcome::kOk;
  };
  std::uint64_t low = 0;
  std::uint64_t once = 1'000'000;
  ASSERT_TRUE(passes(once, 1));
  while (once - low > 1) (passes((low + once) / 2, 1) ? once : low) = (low + once) / 2;
  EXPECT_FALSE(passes(3 * once - 1000, 3));
  EXPECT_TRUE(passes(3 * once, 3));
}

TEST_F(Series, ALargeResultOfManyBlocksIsNoLimit) {
  for (std::int64_t block = 0; block < 1000; ++block) add("a", {{block, 1.5}});
  EXPECT_EQ(node.number("SELECT length(group_concat(value)) FROM series_range('a')"), 3999);
}

TEST_F(Series, RetentionTakesOldBlocksInPieces) {
  for (std::int64_t block = 0; block < 100; ++block)
    for (const char* name : {"a", "b", "c"}) add(name, {{block * 10, 1}, {block * 10 + 9, 2}});
  const std::string sql(series::kDeleteOldBlocks);
  const auto piece = [&](std::int64_t before, std::int64_t most) {
    return node.must(sql, {before, most}).statements.at(0).changes;
  };
  EXPECT_EQ(piece(509, 40), 40);
  EXPECT_EQ(piece(509, 1000), 110);
  EXPECT_EQ(piece(509, 1000), 0);
  EXPECT_EQ(node.number("SELECT min(last_ns) FROM series_blocks"), 509);
  EXPECT_EQ(node.number("SELECT count(*) FROM series_blocks"), 150);
  node.expect_digest_is_scan();
}

TEST_F(Series, TheIndexServesRetention) {
  std::string plan;
  const BatchResult result = node.apply("EXPLAIN QUERY PLAN " + std::string(series::kDeleteOldBlocks),
                                        {std::int64_t{1}, std::int64_t{1}});
  ASSERT_EQ(result.outcome, Outcome::kOk) << result.message;
  for (const auto& row : result.statements.at(0).rows.rows) plan += std::get<std::string>(row.back()) + "\n";
  EXPECT_NE(plan.find("SEARCH b USING COVERING INDEX series_blocks_by_time (series=? AND last_ns<?)"),
            std::string::npos)
      << plan;
  EXPECT_EQ(plan.find("SCAN series_blocks\n"), std::string::npos) << plan;
}

}  // namespace
}  // namespace lockstep::sql
