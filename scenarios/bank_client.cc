// SQL of the bank. An account that would fall below zero is refused by the table itself, at the first update
// or, after the other account has its money already, at the second: then that has to be undone.
#include "scenarios/bank_client.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kReads{"bank.reads"};
constexpr Purpose kFrom{"bank.from"};
constexpr Purpose kTo{"bank.to"};
constexpr Purpose kAmount{"bank.amount"};
constexpr Purpose kCreditFirst{"bank.credit_first"};

std::string table(std::size_t position) { return cat("bank_", position); }

reports::Value balances_of(const wire::Rows& rows) {
  reports::Value::Array accounts;
  for (const wire::Row& row : rows.rows())
    accounts.emplace_back(reports::Value::Array{row.values(0).integer(), row.values(1).integer()});
  return accounts;
}

Read read_of(std::size_t position) {
  return {.f = "read",
          .key = BankClient::key_name(position),
          .argument = {},
          .statement = make_statement(cat("SELECT id, balance FROM ", table(position), " ORDER BY id")),
          .result = balances_of};
}

}  // namespace

BankClient::BankClient(const env::Env& env, client::Config config, const BankWorkload& workload, Place place,
                       RunBook& book)
    : ReadWriteClient(env, std::move(config), workload.load, workload.read_level, place, book),
      workload_(workload) {}

std::vector<std::string> BankClient::schema(const BankWorkload& workload, std::size_t position) {
  return {cat("CREATE TABLE IF NOT EXISTS ", table(position),
              "(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK(balance >= 0))"),
          cat("WITH RECURSIVE ids(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM ids WHERE i < ",
              workload.accounts - 1, ") INSERT OR IGNORE INTO ", table(position), " SELECT i, ",
              workload.balance, " FROM ids")};
}

std::vector<Read> BankClient::last_reads(const BankWorkload&, std::size_t position) {
  return {read_of(position)};
}

Demand BankClient::next() {
  if (draws(kReads, workload_.reads)) return read_of(place().workload);
  return transfer();
}

Write BankClient::transfer() {
  const auto from = static_cast<std::int64_t>(draw_below(kFrom, workload_.accounts));
  const std::uint64_t step = 1 + draw_below(kTo, workload_.accounts - 1);
  const auto to = static_cast<std::int64_t>((static_cast<std::uint64_t>(from) + step) % workload_.accounts);
  const auto amount = static_cast<std::int64_t>(1 + draw_below(kAmount, workload_.most));
  const std::string update =
      cat("UPDATE ", table(place().workload), " SET balance = balance + ?2 WHERE id = ?1");
  const wire::Statement debit = make_statement(update, {from, -amount});
  const wire::Statement credit = make_statement(update, {to, amount});
  const bool credit_first = draw_below(kCreditFirst, 2) == 0;
  return {.f = "transfer",
          .key = key_name(place().workload),
          .argument = reports::Value::object({{"from", from}, {"to", to}, {"amount", amount}}),
          .statements = credit_first ? std::vector{credit, debit} : std::vector{debit, credit},
          .result = {}};
}

}  // namespace lockstep::scenarios
