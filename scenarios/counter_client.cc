// SQL of the counters. A counter without a row stands at zero.
#include "scenarios/counter_client.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kReads{"counters.reads"};
constexpr Purpose kKey{"counters.key"};
constexpr Purpose kAmount{"counters.amount"};

std::string table(std::size_t position) { return cat("counters_", position); }

Read read_of(std::size_t position, std::uint64_t key) {
  return {
      .f = "read",
      .key = CounterClient::key_name(position, key),
      .argument = {},
      .statement = make_statement(cat("SELECT coalesce(sum(n), 0) FROM ", table(position), " WHERE k = ?1"),
                                  {static_cast<std::int64_t>(key)}),
      .result = [](const wire::Rows& rows) { return reports::Value(rows.rows(0).values(0).integer()); }};
}

}  // namespace

CounterClient::CounterClient(const env::Env& env, client::Config config, const CounterWorkload& workload,
                             Place place, RunBook& book)
    : ReadWriteClient(env, std::move(config), workload.load, workload.read_level, place, book),
      workload_(workload) {}

std::vector<std::string> CounterClient::schema(const CounterWorkload&, std::size_t position) {
  return {cat("CREATE TABLE IF NOT EXISTS ", table(position), "(k INTEGER PRIMARY KEY, n INTEGER NOT NULL)")};
}

std::vector<Read> CounterClient::last_reads(const CounterWorkload& workload, std::size_t position) {
  std::vector<Read> reads;
  for (std::uint64_t key = 0; key < workload.keys; ++key) reads.push_back(read_of(position, key));
  return reads;
}

Demand CounterClient::next() {
  const std::size_t position = place().workload;
  const std::uint64_t key = draw_below(kKey, workload_.keys);
  if (draws(kReads, workload_.reads)) return read_of(position, key);
  const auto amount = static_cast<std::int64_t>(1 + draw_below(kAmount, workload_.most));
  const std::string add = cat("INSERT INTO ", table(position),
                              "(k, n) VALUES(?1, ?2) ON CONFLICT(k) DO UPDATE SET n = n + excluded.n");
  return Write{.f = "add",
               .key = key_name(position, key),
               .argument = amount,
               .statements = {make_statement(add, {static_cast<std::int64_t>(key), amount})},
               .result = {}};
}

}  // namespace lockstep::scenarios
