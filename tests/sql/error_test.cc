// Stories about how a batch ends: whose failure an error is, what is undone, and what bounds there are.
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

class Errors : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    node.must("CREATE TABLE p(id INTEGER PRIMARY KEY, a UNIQUE)");
    node.must("CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    node.must("INSERT INTO p VALUES(1,'x')");
  }
};

TEST_F(Errors, ADeferredForeignKeyIsCheckedAtTheEndOfItsOwnBatch) {
  const BatchResult broken = node.apply(Batch{stmt("INSERT INTO c VALUES(1, 99)"), stmt("SELECT 1")});
  EXPECT_EQ(broken.outcome, Outcome::kConstraint);
  EXPECT_EQ(broken.failed_statement, 1u);
  const BatchResult mended =
      node.apply(Batch{stmt("INSERT INTO c VALUES(1, 99)"), stmt("INSERT INTO p VALUES(99, 'y')")});
  EXPECT_EQ(mended.outcome, Outcome::kOk) << mended.message;
  EXPECT_EQ(node.number("SELECT count(*) FROM c"), 1);
  EXPECT_EQ(node.apply("DELETE FROM p WHERE id = 99").outcome, Outcome::kConstraint);
  node.expect_digest_is_scan();
}

TEST_F(Errors, AnEntryAfterABrokenForeignKeyInTheSameGroupIsNotItsVictim) {
  const std::uint64_t base = node.machine().applied().value();
  const std::vector<EntryStamp> stamps = {stamp_of(base + 1), stamp_of(base + 2), stamp_of(base + 3)};
  const Batch batches[] = {{stmt("INSERT INTO p VALUES(2,'b')")},
                           {stmt("INSERT INTO c VALUES(1, 99)")},
                           {stmt("INSERT INTO p VALUES(3,'c')")}};
  std::vector<BatchResult> results(3);
  const auto report = node.machine().apply(
      stamps, [&](std::size_t at, EntryScope& scope) { results[at] = scope.execute(batches[at], {}); });
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->one_by_one);
  EXPECT_EQ(results[0].outcome, Outcome::kOk);
  EXPECT_EQ(results[1].outcome, Outcome::kConstraint);
  EXPECT_EQ(results[2].outcome, Outcome::kOk);
  EXPECT_EQ(node.number("SELECT count(*) FROM p"), 3);
}

TEST_F(Errors, AStatementThatEndsTheTransactionTakesNobodyWithIt) {
  const std::uint64_t base = node.machine().applied().value();
  const std::vector<EntryStamp> stamps = {stamp_of(base + 1), stamp_of(base + 2), stamp_of(base + 3)};
  std::vector<std::vector<BatchResult>> results(3);
  const auto report = node.machine().apply(stamps, [&](std::size_t at, EntryScope& scope) {
    results[at].clear();
    const Batch first = {stmt("INSERT INTO p(a) VALUES(?1)", {static_cast<std::int64_t>(at)})};
    const Batch second = {stmt("DELETE FROM p WHERE a = 'x'"),
                          stmt("INSERT OR ROLLBACK INTO p VALUES(1,'x'), (1,'y')")};
    results[at].push_back(scope.execute(first, {}));
    if (at == 1) results[at].push_back(scope.execute(second, {}));
    if (at == 1) results[at].push_back(scope.execute(Batch{stmt("INSERT INTO p(a) VALUES('after')")}, {}));
  });
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->one_by_one);
  EXPECT_EQ(results[1][0].outcome, Outcome::kOk);
  EXPECT_EQ(results[1][1].outcome, Outcome::kConstraint);
  EXPECT_EQ(results[1][1].failed_statement, 1u);
  EXPECT_EQ(results[1][2].outcome, Outcome::kOk);
  EXPECT_EQ(node.text("SELECT group_concat(a) FROM (SELECT a FROM p ORDER BY id)"), "x,0,1,after,2");
  node.expect_digest_is_scan();
}

TEST_F(Errors, AnEndlessStatementIsALimitNotAFailureOfTheNode) {
  const std::uint64_t before = node.machine().digest();
  for (const char* sql :
       {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO c(p) SELECT 1 FROM n"}) {
    const BatchResult result = node.apply(sql);
    EXPECT_EQ(result.outcome, Outcome::kLimit) << sql;
    EXPECT_EQ(result.message, "more than 10000000 operations");
  }
  EXPECT_EQ(node.machine().digest(), before);
  node.must("INSERT INTO p(a) VALUES('goes on')");
}

TEST_F(Errors, TheBudgetIsTheSameForANewAndForACachedStatement) {
  sim::DiskImage small_disk{2};
  Options options;
  options.max_operations = 3000;
  Node small(small_disk, options);
  ASSERT_TRUE(small.open());
  int limits = 0;
  for (std::int64_t rows = 120; rows < 240; ++rows) {
    const std::string count = cat("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ",
                                  rows, ") SELECT count(*) FROM n");
    const Outcome fresh = small.apply(count).outcome;
    small.must("SELECT 1");
    for (int again = 0; again < 3; ++again) EXPECT_EQ(small.apply(count).outcome, fresh) << rows;
    if (fresh == Outcome::kLimit) ++limits;
  }
  EXPECT_GT(limits, 10);
  EXPECT_LT(limits, 110);
}

TEST_F(Errors, AFullSequenceIsALimitForEver) {
  node.must("CREATE TABLE s(id INTEGER PRIMARY KEY AUTOINCREMENT)");
  node.must("INSERT INTO s VALUES(9223372036854775807)");
  EXPECT_EQ(node.apply("INSERT INTO s DEFAULT VALUES").outcome, Outcome::kLimit);
  EXPECT_EQ(node.apply("INSERT INTO s DEFAULT VALUES").outcome, Outcome::kLimit);
}

TEST_F(Errors, TooMuchOfAnythingIsALimit) {
  EXPECT_EQ(node.apply("SELECT zeroblob(50000000)").outcome, Outcome::kLimit);
  EXPECT_EQ(node.apply("SELECT randomblob(50000000)").outcome, Outcome::kLimit);
  EXPECT_EQ(node.apply("SELECT zeroblob(3000000) FROM (VALUES(1),(2),(3),(4))").outcome, Outcome::kLimit);
  EXPECT_EQ(node.apply("SELECT '" + std::string(2 << 20, 'x') + "'").outcome, Outcome::kLimit);
  std::string deep = "1";
  for (int i = 0; i < 300; ++i) deep = "(" + deep + "+1)";
  EXPECT_NE(node.apply("SELECT " + deep).outcome, Outcome::kOk);
}

TEST_F(Errors, AnEmptyBatchSucceedsAndABatchOfReadsChangesNothing) {
  const std::uint64_t before = node.machine().digest();
  EXPECT_EQ(node.apply(Batch{}).outcome, Outcome::kOk);
  EXPECT_EQ(node.apply(Batch{stmt("SELECT 1"), stmt("SELECT * FROM p")}).outcome, Outcome::kOk);
  EXPECT_EQ(node.machine().digest(), before);
}

TEST_F(Errors, EveryKindOfValueComesBackAsItWent) {
  const std::vector<Value> values = {
      Value(), std::int64_t{-5}, 2.5, std::string("a\0b\xc3\xa9", 5), Blob{Bytes("\0\1", 2)},
      Blob{},  std::string()};
  EXPECT_EQ(node.apply("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7", values).statements.at(0).rows.rows.at(0), values);
}

class Readers : public Errors {};

TEST_F(Readers, SeeOneSnapshotAndItsIndex) {
  const auto reader = node.reader();
  const auto result = reader->query(stmt("SELECT a, datetime('now') FROM p"), {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->applied, LogIndex(3));
  EXPECT_EQ(result->rows.rows,
            (std::vector<std::vector<Value>>{{std::string("x"), std::string("2026-01-02 03:04:07")}}));
  node.must("INSERT INTO p VALUES(2,'y')");
  EXPECT_EQ(reader->query(stmt("SELECT * FROM p"), {})->rows.rows.size(), 2u);
  node.must("ALTER TABLE p ADD COLUMN z");
  EXPECT_EQ(reader->query(stmt("SELECT * FROM p"), {})->rows.columns.size(), 3u);
}

TEST_F(Readers, MayNotWriteNorReadWhatIsRefused) {
  const auto reader = node.reader();
  for (const char* sql : {"INSERT INTO p VALUES(5,'z')", "DROP TABLE p", "SELECT sqlite_version()", "BEGIN",
                          "PRAGMA query_only = 0", "SELECT * FROM _lockstep_state"}) {
    const auto result = reader->query(stmt(sql), {});
    ASSERT_TRUE(result) << sql;
    EXPECT_EQ(result->outcome, Outcome::kRefused) << sql << ": " << result->message;
  }
  EXPECT_EQ(reader->query(stmt("SELECT nonsense"), {})->outcome, Outcome::kSqlError);
  EXPECT_EQ(reader->query(stmt("SELECT * FROM p"), {})->rows.rows.size(), 1u);
}

TEST_F(Readers, AreBoundedInWorkAndInResult) {
  const auto reader = node.reader();
  const auto endless =
      stmt("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
  EXPECT_EQ(reader->query(endless, {.max_result_bytes = 10'000})->outcome, Outcome::kLimit);
  EXPECT_EQ(reader->query(endless, {.max_result_bytes = SIZE_MAX, .max_operations = 10'000})->outcome,
            Outcome::kLimit);
  EXPECT_EQ(reader->query(stmt("SELECT count(*) FROM p"), {})->outcome, Outcome::kOk);
}

TEST_F(Readers, AnswerInCompanyWhatTheyAnswerAlone) {
  const auto reader = node.reader();
  const std::vector<Statement> asked = {stmt("SELECT a, random() FROM p"), stmt("SELECT nonsense"),
                                        stmt("INSERT INTO p VALUES(5,'z')"), stmt("SELECT datetime('now'), random()"),
                                        stmt("SELECT count(*) FROM p")};
  const auto together = reader->query(asked, {});
  ASSERT_TRUE(together);
  ASSERT_EQ(together->size(), asked.size());
  for (std::size_t at = 0; at < asked.size(); ++at) {
    const auto alone = reader->query(asked[at], {});
    ASSERT_TRUE(alone);
    EXPECT_EQ((*together)[at].outcome, alone->outcome) << asked[at].text;
    EXPECT_EQ((*together)[at].message, alone->message);
    EXPECT_EQ((*together)[at].rows, alone->rows);
    EXPECT_EQ((*together)[at].applied, alone->applied);
  }
}

TEST_F(Readers, LeaveTheRestToOthersAfterMuchWork) {
  const auto reader = node.reader();
  const auto much = stmt("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) SELECT count(*) FROM n");
  const auto large = stmt("SELECT zeroblob(2000000)");
  const auto small = stmt("SELECT count(*) FROM p");
  EXPECT_EQ(reader->query(std::vector{small, much, small}, {})->size(), 2u);
  EXPECT_EQ(reader->query(std::vector{small, large, small}, {})->size(), 2u);
  EXPECT_EQ(reader->query(std::vector{small, small, small}, {})->size(), 3u);
}

TEST_F(Readers, OnAFailedDiskReportTheNodesFailure) {
  const auto reader = node.reader();
  node.must("INSERT INTO p(a) VALUES(randomblob(100000))");
  disk.process_crash();
  const auto result = reader->query(stmt("SELECT count(*), sum(length(a)) FROM p"), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kGone);
}

TEST_F(Readers, DoNotStopCheckpointsFromBeingCompleteOnceTheyEnd) {
  const auto reader = node.reader();
  ASSERT_TRUE(reader->query(stmt("SELECT * FROM p"), {}));
  for (int i = 0; i < 400; ++i) {
    node.must("INSERT INTO p(a) VALUES(randomblob(3000))");
    ASSERT_TRUE(reader->query(stmt("SELECT count(*) FROM p"), {}));
    ASSERT_TRUE(node.machine().checkpoint_if_due());
  }
  EXPECT_GT(node.machine().durable(), LogIndex(0));
  EXPECT_LT(*(*disk.open("db/main.sqlite-wal", env::OpenMode::kMustExist))->size(), 6u << 20);
}

}  // namespace
}  // namespace lockstep::sql
