// SQL of the long reads: a loop in SQLite's machine, then a look at every row.
#include "scenarios/slow_read_client.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kReads{"slow_reads.reads"};
constexpr std::size_t kBytesOfRow = 400;  // so that the rows fill many pages

std::string table(std::size_t position) { return cat("slow_", position); }

Read read_of(const SlowReadWorkload& workload, std::size_t position) {
  const std::string select =
      cat("WITH RECURSIVE steps(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps WHERE n < ?1) "
          "SELECT count(*), min(generation), max(generation), (SELECT count(*) FROM steps) FROM ",
          table(position));
  const auto expected = static_cast<std::int64_t>(workload.rows);
  const bool may_be_old = workload.read_level == ReadLevel::kLocal;
  return {.f = "read",
          .key = SlowReadClient::key_name(position),
          .argument = {},
          .statement = make_statement(select, {static_cast<std::int64_t>(workload.steps)}),
          .result = [expected, may_be_old](const wire::Rows& rows) -> reports::Value {
            const auto value = [&](int column) { return rows.rows(0).values(column).integer(); };
            if (may_be_old && value(0) == 0) return 0;  // from before the rows were made
            if (value(0) == expected && value(1) == value(2)) return value(1);
            return cat(value(0), " rows of generations ", value(1), " to ", value(2));
          }};
}

}  // namespace

SlowReadClient::SlowReadClient(const env::Env& env, client::Config config, const SlowReadWorkload& workload,
                               Place place, RunBook& book)
    : ReadWriteClient(env, std::move(config), workload.load, workload.read_level, place, book),
      workload_(workload) {}

std::vector<std::string> SlowReadClient::schema(const SlowReadWorkload& workload, std::size_t position) {
  return {
      cat("CREATE TABLE IF NOT EXISTS ", table(position),
          "(id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, filler BLOB NOT NULL)"),
      cat("WITH RECURSIVE ids(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM ids WHERE i < ", workload.rows,
          ") INSERT OR IGNORE INTO ", table(position), " SELECT i, 0, zeroblob(", kBytesOfRow, ") FROM ids")};
}

std::vector<Read> SlowReadClient::last_reads(const SlowReadWorkload& workload, std::size_t position) {
  return {read_of(workload, position)};
}

Demand SlowReadClient::next() {
  const std::size_t position = place().workload;
  if (draws(kReads, workload_.reads)) return read_of(workload_, position);
  const std::string update =
      cat("UPDATE ", table(position), " SET generation = generation + 1 WHERE id % 2 = ?1");
  return Write{.f = "add",
               .key = key_name(position),
               .argument = 1,
               .statements = {make_statement(update, {0}), make_statement(update, {1})},
               .result = {}};
}

}  // namespace lockstep::scenarios
