// SQL of the lists, in both forms. Keys of different workloads are different, so that one check may judge
// them all.
#include "scenarios/list_append_client.h"

#include <algorithm>
#include <map>

#include "base/join.h"

namespace lockstep::scenarios {
namespace {

using reports::Value;
using Lists = std::map<std::int64_t, Value::Array>;

constexpr Purpose kCount{"list_append.count"};
constexpr Purpose kKey{"list_append.key"};
constexpr Purpose kReads{"list_append.reads"};
constexpr std::int64_t kMostOperations = 100;      // of a transaction; the schema allows fewer
constexpr std::uint64_t kTransactionsOfAKey = 30;  // then another takes its place: lists stay short

std::string table(std::size_t position) { return cat("lists_", position); }
Value key_name(std::size_t position, std::int64_t key) { return cat(position, "/", key); }

std::string select(ListForm form, std::size_t position, std::string_view condition) {
  return form == ListForm::kText ? cat("SELECT k, v FROM ", table(position), condition, " ORDER BY k")
                                 : cat("SELECT k, v FROM ", table(position), condition, " ORDER BY k, place");
}

// Rows of (key, element), or of (key, all elements as a text).
Lists lists_of(const wire::Rows& rows) {
  Lists lists;
  for (const wire::Row& row : rows.rows()) {
    Value::Array& list = lists[row.values(0).integer()];
    if (row.values(1).kind_case() == wire::Value::kInteger) {
      list.emplace_back(row.values(1).integer());
      continue;
    }
    std::int64_t element = 0;
    for (const char c : cat(row.values(1).text(), " ")) {
      if (c == ' ') list.emplace_back(std::exchange(element, 0));
      if (c >= '0' && c <= '9') element = element * 10 + (c - '0');
    }
  }
  return lists;
}

Value read_of(std::size_t position, std::int64_t key, Value found) {
  return Value::Array{"r", key_name(position, key), std::move(found)};
}
Value append_of(std::size_t position, std::int64_t key, std::int64_t element) {
  return Value::Array{"append", key_name(position, key), element};
}

Value list_in(const Lists& lists, std::int64_t key) {
  const auto list = lists.find(key);
  return list == lists.end() ? Value::Array{} : list->second;
}

}  // namespace

ListAppendClient::ListAppendClient(const env::Env& env, client::Config config,
                                   const ListAppendWorkload& workload, Place place, RunBook& book)
    : ReadWriteClient(env, std::move(config), workload.load, ReadLevel::kLinearizable, place, book),
      workload_(workload) {}

std::vector<std::string> ListAppendClient::schema(const ListAppendWorkload& workload, std::size_t position) {
  if (workload.form == ListForm::kText)
    return {cat("CREATE TABLE IF NOT EXISTS ", table(position), "(k INTEGER PRIMARY KEY, v TEXT NOT NULL)")};
  return {cat("CREATE TABLE IF NOT EXISTS ", table(position),
              "(place INTEGER PRIMARY KEY AUTOINCREMENT, k INTEGER NOT NULL, v INTEGER NOT NULL)"),
          cat("CREATE INDEX IF NOT EXISTS ", table(position), "_of_key ON ", table(position), "(k)")};
}

std::vector<Read> ListAppendClient::last_reads(const ListAppendWorkload& workload, std::size_t position,
                                               std::uint64_t begun) {
  const std::uint64_t keys = (begun / (kTransactionsOfAKey * workload.keys) + 1) * workload.keys;
  const auto result = [position, keys](const wire::Rows& rows) -> Value {
    const Lists lists = lists_of(rows);
    Value::Array micros;
    for (std::uint64_t key = 0; key < keys; ++key)
      micros.push_back(
          read_of(position, static_cast<std::int64_t>(key), list_in(lists, static_cast<std::int64_t>(key))));
    return micros;
  };
  return {{.f = "txn",
           .key = {},
           .argument = Value::Array{},
           .statement = make_statement(select(workload.form, position, "")),
           .result = result}};
}

Demand ListAppendClient::next() {
  std::uint64_t& begun = book().begun(place().workload);
  const std::uint64_t generation = begun / (kTransactionsOfAKey * workload_.keys);
  std::vector<MicroOperation> operations(1 + draw_below(kCount, workload_.operations));
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const std::uint64_t key = generation * workload_.keys + draw_below(kKey, workload_.keys, i);
    operations[i].key = static_cast<std::int64_t>(key);
    if (!draws(kReads, workload_.reads, i))
      operations[i].element =
          static_cast<std::int64_t>(begun) * kMostOperations + static_cast<std::int64_t>(i);
  }
  const bool reads_only =
      std::ranges::all_of(operations, [](const auto& micro) { return micro.element == 0; });
  if (reads_only) return query(operations);
  return transaction(operations);
}

Read ListAppendClient::query(const std::vector<MicroOperation>& operations) const {
  const std::size_t position = place().workload;
  Value::Array asked;
  for (const MicroOperation& micro : operations) asked.push_back(read_of(position, micro.key, {}));
  const std::string keys = joined(operations, [](const MicroOperation& micro) { return cat(micro.key); });
  const auto result = [position, operations](const wire::Rows& rows) -> Value {
    const Lists lists = lists_of(rows);
    Value::Array found;
    for (const MicroOperation& micro : operations)
      found.push_back(read_of(position, micro.key, list_in(lists, micro.key)));
    return found;
  };
  return {.f = "txn",
          .key = {},
          .argument = std::move(asked),
          .statement = make_statement(select(workload_.form, position, cat(" WHERE k IN (", keys, ")"))),
          .result = result};
}

Write ListAppendClient::transaction(const std::vector<MicroOperation>& operations) const {
  const std::size_t position = place().workload;
  const std::string append =
      workload_.form == ListForm::kText
          ? cat("INSERT INTO ", table(position), "(k, v) VALUES(?1, CAST(?2 AS TEXT)) ",
                "ON CONFLICT(k) DO UPDATE SET v = v || ' ' || excluded.v")
          : cat("INSERT INTO ", table(position), "(k, v) VALUES(?1, ?2)");
  Write write{.f = "txn", .key = {}, .argument = {}, .statements = {}, .result = {}};
  Value::Array asked;
  for (const MicroOperation& micro : operations) {
    const bool reads = micro.element == 0;
    asked.push_back(reads ? read_of(position, micro.key, {}) : append_of(position, micro.key, micro.element));
    write.statements.push_back(
        reads ? make_statement(select(workload_.form, position, " WHERE k = ?1"), {micro.key})
              : make_statement(append, {micro.key, micro.element}));
  }
  write.argument = std::move(asked);
  write.result = [position, operations](const wire::BatchResult& result) -> Value {
    Value::Array found;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const auto& [key, element] = operations[i];
      const Lists lists = lists_of(result.statements(static_cast<int>(i)).rows());
      found.push_back(element == 0 ? read_of(position, key, list_in(lists, key))
                                   : append_of(position, key, element));
    }
    return found;
  };
  return write;
}

}  // namespace lockstep::scenarios
