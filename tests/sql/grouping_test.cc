// A property: results, versions and digests of a log do not depend on how its entries are grouped into
// transactions.
#include <algorithm>
#include <iterator>
#include <map>

#include "base/prng.h"
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

constexpr Purpose kStatement{"test.statement"};

// A log of batches drawn from a seed; anything a client may send, most of it touching the same few tables.
class LogMaker {
 public:
  explicit LogMaker(std::uint64_t seed) : draws_(seed, kStatement, 0) {}

  // An entry may hold several batches.
  std::vector<Batch> entry(std::uint64_t index) {
    if (index <= std::size(kSchema)) return {{stmt(kSchema[index - 1])}};
    std::vector<Batch> batches(1 + draws_.next_below(2));
    for (Batch& batch : batches) {
      const std::uint64_t count = 1 + draws_.next_below(3);
      for (std::uint64_t i = 0; i < count; ++i) batch.push_back(statement());
    }
    return batches;
  }

 private:
  static constexpr const char* kSchema[] = {
      "CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT UNIQUE, at TEXT DEFAULT CURRENT_TIMESTAMP, r DEFAULT "
      "(random()))",
      "CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE DEFERRABLE INITIALLY "
      "DEFERRED, x REAL)",
      "CREATE TABLE seq(id INTEGER PRIMARY KEY AUTOINCREMENT, v)",
      "CREATE TABLE series_blocks(series, first_ns, last_ns, count, least, greatest, sum, points)",
      "CREATE TABLE wr(k PRIMARY KEY, v) WITHOUT ROWID",
      "CREATE TABLE log(what, at DEFAULT CURRENT_TIMESTAMP, n DEFAULT (changes()), r DEFAULT "
      "(hex(randomblob(3))))",
      ("CREATE TRIGGER ins AFTER INSERT ON p BEGIN INSERT INTO log(what) VALUES('p ' || new.id); "
       "INSERT INTO log(what) VALUES('changes ' || changes()); END"),
      "CREATE TRIGGER guard BEFORE UPDATE ON wr WHEN new.v = 'rollback' BEGIN SELECT RAISE(ROLLBACK, 'guard "
      "rolls back'); END",
      "CREATE TRIGGER soft BEFORE UPDATE ON wr WHEN new.v = 'fail' BEGIN SELECT RAISE(FAIL, 'guard fails'); "
      "END",
  };

  Value small() { return static_cast<std::int64_t>(draws_.next_below(12)); }
  Value word() { return std::string(1, static_cast<char>('a' + draws_.next_below(6))); }

  Statement statement() {
    static constexpr std::uint64_t kKinds = 38;
    switch (draws_.next_below(kKinds)) {
      case 0: return two("INSERT INTO p(id, name) VALUES(?1, ?2)");
      case 1: return two("INSERT OR ROLLBACK INTO p(id, name) VALUES(?1, ?2)");
      case 2: return two("INSERT OR FAIL INTO p(id, name) VALUES(?1 + 20, 'z'), (?1, ?2)");
      case 3: return two("INSERT OR IGNORE INTO p(id, name) VALUES(?1, ?2)");
      case 4: return two("REPLACE INTO p(id, name) VALUES(?1, ?2)");
      case 5:
        return two(
            "INSERT INTO p(id, name) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET r = random() RETURNING *");
      case 6: return one("DELETE FROM p WHERE id = ?1");
      case 7: return one("UPDATE p SET id = id + 1 WHERE id = ?1");
      case 8: return one("INSERT INTO c(p, x) VALUES(?1, 3)");
      case 9: return one("INSERT INTO c(p, x) VALUES(?1, 1.5) RETURNING id, x");
      case 10: return one("UPDATE c SET p = ?1 WHERE id % 3 = 1");
      case 11: return one("DELETE FROM c WHERE p = ?1");
      case 12: return one("INSERT INTO seq(v) VALUES(?1) RETURNING id");
      case 13: return stmt("DELETE FROM seq WHERE id > 2");
      case 14: return stmt("INSERT INTO seq(id, v) VALUES(9223372036854775807, 'last')");
      case 15: return stmt("INSERT INTO seq(v) SELECT v FROM seq");
      case 16: return two("REPLACE INTO wr VALUES(?1, ?2)");
      case 17: return one("UPDATE wr SET v = 'rollback' WHERE k = ?1");
      case 18: return one("UPDATE wr SET v = 'fail' WHERE k > ?1");
      case 19: return one("UPDATE wr SET v = randomblob(6000) WHERE k = ?1");
      case 20:
        return stmt(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO log(what) SELECT i "
            "FROM n");
      case 21:
        return stmt("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n");
      case 22:
        return stmt("SELECT changes(), total_changes(), last_insert_rowid(), random(), datetime('now')");
      case 23: return stmt("INSERT INTO log(what) SELECT count(*) FROM p");
      case 24: return stmt("CREATE TABLE extra AS SELECT *, random() AS z FROM p");
      case 25: return stmt("DROP TABLE extra");
      case 26: return stmt("ALTER TABLE extra ADD COLUMN added DEFAULT 7");
      case 27: return stmt("CREATE INDEX log_what ON log(what)");
      case 28: return stmt("DROP INDEX log_what");
      case 29: return stmt("SELEC nonsense");
      case 30: return stmt("UPDATE extra SET added = 8 WHERE id % 2");
      case 31: return stmt("INSERT INTO p(id, name) VALUES(9223372036854775807, 'no')");
      case 32: return stmt("DELETE FROM log WHERE what NOT LIKE 'p%'");
      case 33:
        return two("INSERT INTO series_blocks SELECT ?2, s.*, b FROM (SELECT series_pack(?1 * 100 + id, id * 1.5) AS b "
                   "FROM p), series_summary(b) AS s");
      case 34:
        return two("INSERT INTO log(what) SELECT time_ns || value FROM series_range(?2, ?1 * 100) RETURNING what");
      case 35: return two("SELECT * FROM series_buckets(?2, 0, NULL, ?1 * 50)");
      case 36: return one("UPDATE series_blocks SET points = substr(points, 1, ?1 * 12) WHERE rowid = ?1");
      default: return stmt("SELECT * FROM log ORDER BY random() LIMIT 5");
    }
  }
  Statement one(const char* text) {
    Value first = small();
    return stmt(text, {std::move(first)});
  }
  Statement two(const char* text) {
    Value first = small();
    Value second = word();
    return stmt(text, {std::move(first), std::move(second)});
  }

  Stream draws_;
};

struct Applied {
  std::vector<std::vector<BatchResult>> results;  // per entry
  std::vector<AppliedEntry> entries;
  std::vector<RowChange> changes;
  std::uint64_t digest = 0;
  int lost_groups = 0;
  int brief_groups = 0;
  int given_up_groups = 0;  // tried in haste, undone, and executed again
};

bool same(const AppliedEntry& a, const AppliedEntry& b) { return a.index == b.index && a.digest == b.digest; }

struct Grouping {
  std::size_t size;
  bool restart = false;  // power loss, with everything synced, after each group: no cache survives
  bool checkpoint = false;
  bool briefly = false;  // tried in haste first
};

Result<ApplyReport> apply(Machine& machine, std::span<const EntryStamp> stamps,
                          const std::function<void(std::size_t, EntryScope&)>& body, bool briefly, Applied& out) {
  if (briefly) {
    LOCKSTEP_TRY(report, machine.apply_briefly(stamps, body));
    ++(report ? out.brief_groups : out.given_up_groups);
    if (report) return std::move(*report);
  }
  return machine.apply(stamps, body);
}

Applied run(const std::vector<std::vector<Batch>>& log, const Grouping& grouping) {
  initialise_sqlite(grouping.size);  // SQLite's own generator must not matter either
  sim::DiskImage disk{grouping.size};
  Options options;
  options.feed = true;
  options.max_operations = 20'000;
  options.checkpoint_frames = 20;
  auto node = std::make_unique<Node>(disk, options);
  EXPECT_TRUE(node->open());
  Applied out;
  out.results.resize(log.size());
  for (std::size_t first = 0; first < log.size(); first += grouping.size) {
    const std::size_t end = std::min(log.size(), first + grouping.size);
    std::vector<EntryStamp> stamps;
    for (std::size_t at = first; at < end; ++at) stamps.push_back(stamp_of(at + 1));
    const auto body = [&](std::size_t position, EntryScope& scope) {
      auto& results = out.results[first + position];
      results.clear();
      for (const Batch& batch : log[first + position]) results.push_back(scope.execute(batch, {}));
    };
    const auto report = apply(node->machine(), stamps, body, grouping.briefly, out);
    EXPECT_TRUE(report) << report.error().message;
    if (!report) return out;
    out.entries.insert(out.entries.end(), report->entries.begin(), report->entries.end());
    out.changes.insert(out.changes.end(), report->changes.begin(), report->changes.end());
    if (report->one_by_one) ++out.lost_groups;
    node->expect_digest_is_scan();
    if (grouping.checkpoint) {
      EXPECT_TRUE(node->machine().checkpoint_if_due());
    }
    if (!grouping.restart) continue;
    EXPECT_TRUE(node->machine().sync());
    disk.process_crash();
    node = std::make_unique<Node>(disk, options);
    EXPECT_TRUE(node->open());
  }
  out.digest = node->machine().digest();
  return out;
}

std::string describe(const std::vector<Batch>& batches) {
  std::string text;
  for (const Batch& batch : batches)
    for (const Statement& statement : batch) text += statement.text + ";\n";
  return text;
}

void expect_same(const std::vector<std::vector<Batch>>& log, const Applied& a, const Applied& b) {
  ASSERT_EQ(a.entries.size(), log.size());
  ASSERT_EQ(b.entries.size(), log.size());
  for (std::size_t at = 0; at < log.size(); ++at) {
    ASSERT_TRUE(same(a.entries[at], b.entries[at])) << "entry " << at + 1 << "\n" << describe(log[at]);
    ASSERT_EQ(a.results[at].size(), b.results[at].size());
    for (std::size_t i = 0; i < a.results[at].size(); ++i)
      ASSERT_EQ(a.results[at][i], b.results[at][i]) << "entry " << at + 1 << "\n"
                                                    << describe(log[at]) << a.results[at][i].message << "\n"
                                                    << b.results[at][i].message;
  }
  ASSERT_EQ(a.changes.size(), b.changes.size());
  for (std::size_t at = 0; at < a.changes.size(); ++at) {
    ASSERT_EQ(a.changes[at].index, b.changes[at].index);
    ASSERT_EQ(a.changes[at].table, b.changes[at].table);
    ASSERT_EQ(a.changes[at].before, b.changes[at].before);
    ASSERT_EQ(a.changes[at].after, b.changes[at].after);
  }
  EXPECT_EQ(a.digest, b.digest);
}

TEST(Grouping, DoesNotMatterForResultsVersionsDigestsAndFeed) {
  std::map<Outcome, int> outcomes;
  int lost = 0;
  int brief = 0;
  int given_up = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    LogMaker maker(seed);
    std::vector<std::vector<Batch>> log;
    for (std::uint64_t index = 1; index <= 60; ++index) log.push_back(maker.entry(index));
    const Applied alone = run(log, {.size = 1});
    for (const auto& results : alone.results)
      for (const BatchResult& result : results) ++outcomes[result.outcome];
    const Grouping others[] = {{.size = 1, .restart = true},
                               {.size = 2, .checkpoint = true},
                               {.size = 7},
                               {.size = 1, .checkpoint = true, .briefly = true},
                               {.size = 5, .checkpoint = true, .briefly = true},
                               {.size = 7, .restart = true, .checkpoint = true},
                               {.size = log.size()}};
    for (const Grouping& grouping : others) {
      SCOPED_TRACE(grouping.size);
      const Applied grouped = run(log, grouping);
      lost += grouped.lost_groups;
      brief += grouped.brief_groups;
      given_up += grouped.given_up_groups;
      ASSERT_NO_FATAL_FAILURE(expect_same(log, alone, grouped));
    }
  }
  // The generator reaches what the property is about.
  for (const Outcome outcome :
       {Outcome::kOk, Outcome::kConstraint, Outcome::kSqlError, Outcome::kRefused, Outcome::kLimit})
    EXPECT_GE(outcomes[outcome], 10) << to_string(outcome);
  EXPECT_GE(lost, 20);
  EXPECT_GE(brief, 20);
  EXPECT_GE(given_up, 20);
}

}  // namespace
}  // namespace lockstep::sql
