// Stories about queries that would go on for too long or take too much: they end, and nothing of them stays.
#include <thread>

#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

class Reading : public SqlTest {
 protected:
  static std::string numbers(int rows) {
    return cat("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ", rows, ") ");
  }
  void expect_served(Reader& reader) {
    const auto next = reader.query(stmt("SELECT count(*) FROM sqlite_schema"), {});
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(next->outcome, Outcome::kOk) << next->message;
  }
};

TEST_F(Reading, AQueryThatNobodyWaitsForEnds) {
  const auto reader = node.reader();
  const std::vector<Statement> asked = {stmt("SELECT 1"), stmt(kEndless), stmt("SELECT 2")};
  const std::vector<WithdrawalPtr> withdrawals = {std::make_shared<Withdrawal>(),
                                                  std::make_shared<Withdrawal>()};
  std::thread impatient([&] { withdrawals[1]->withdraw(); });
  const auto results = reader->query(asked, {.withdrawals = withdrawals});
  impatient.join();
  ASSERT_TRUE(results);
  EXPECT_EQ(results->at(0).outcome, Outcome::kOk);
  EXPECT_EQ(results->at(1).outcome, Outcome::kLimit);
  EXPECT_EQ(results->at(1).message, "nobody waits for the answer any more");
  // The machine's own statements around a query are short, but their operations add up: none of them is
  // interrupted.
  for (int i = 0; i < 200; ++i) {
    const auto again =
        reader->query(std::vector{stmt(kEndless)}, {.withdrawals = std::span(&withdrawals[1], 1)});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->at(0).outcome, Outcome::kLimit);
  }
  expect_served(*reader);
}

TEST_F(Reading, AQueryThatTakesTooMuchMemoryIsALimit) {
  const auto reader = node.reader();
  const QueryLimits limits{.max_memory_bytes = std::size_t{16} << 20};
  for (const std::string& what :
       {std::string("SELECT count(DISTINCT hex(i) || 'some more text') FROM n"),
        std::string("SELECT i FROM n ORDER BY hex(i) || 'some more text' LIMIT 1 OFFSET 900000"),
        std::string("SELECT length(group_concat(zeroblob(100))) FROM n"),
        std::string("SELECT count(*) FROM (SELECT 'k' || i AS k, count(*) FROM n GROUP BY 1)"),
        std::string("SELECT count(*) FROM n a JOIN (SELECT i, hex(i) AS h FROM n) b ON a.i = b.i")}) {
    const auto result = reader->query(stmt(numbers(1'000'000) + what), limits);
    ASSERT_TRUE(result) << what << ": " << result.error().message;
    EXPECT_EQ(result->outcome, Outcome::kLimit) << what;
    EXPECT_TRUE(result->message.starts_with("the query takes more memory"))
        << what << ": " << result->message;
    expect_served(*reader);
  }
  const auto modest = reader->query(stmt(numbers(50'000) + "SELECT count(DISTINCT hex(i)) FROM n"), limits);
  ASSERT_TRUE(modest);
  EXPECT_EQ(modest->outcome, Outcome::kOk) << modest->message;
}

// Wherever it is refused, the reader goes on, and no half of an answer is given.
TEST_F(Reading, EveryAmountOfMemoryGivesTheAnswerOrALimit) {
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
  node.must(numbers(3000) + "INSERT INTO t SELECT i, hex(i * i) FROM n");
  const auto query =
      stmt("SELECT v, count(*), group_concat(id) FROM t GROUP BY substr(v, 1, 2) ORDER BY 2 DESC, 1");
  const auto whole = node.reader()->query(query, {});
  ASSERT_TRUE(whole);
  std::size_t refused = 0;
  const auto reader = node.reader();
  for (std::size_t bytes = 0; bytes < 700'000; bytes += 9'973) {
    const auto result = reader->query(query, {.max_memory_bytes = bytes});
    ASSERT_TRUE(result) << bytes << ": " << result.error().message;
    if (result->outcome == Outcome::kOk) {
      EXPECT_EQ(result->rows, whole->rows) << bytes;
    } else {
      EXPECT_EQ(result->outcome, Outcome::kLimit) << bytes;
      ++refused;
    }
  }
  EXPECT_GT(refused, 10u);
  EXPECT_LT(refused, 70u);
}

}  // namespace
}  // namespace lockstep::sql
