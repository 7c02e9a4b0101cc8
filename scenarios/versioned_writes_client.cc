// Inserts with defaults that only deterministic SQL gets right, and reads of contents and versions.
#include "scenarios/versioned_writes_client.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kKind{"versioned_writes.kind"};
constexpr Purpose kTable{"versioned_writes.table"};
constexpr Purpose kReadKind{"versioned_writes.read_kind"};
constexpr Purpose kBreaks{"versioned_writes.breaks"};
constexpr Purpose kHowItBreaks{"versioned_writes.how_it_breaks"};

}  // namespace

wire::Statement select_contents(const std::string& table) {
  return make_statement(cat("SELECT id FROM ", table, " ORDER BY id"));
}

reports::Value contents_of(const wire::Rows& rows) {
  reports::Value::Array ids;
  for (const wire::Row& row : rows.rows()) ids.emplace_back(row.values(0).integer());
  return ids;
}

VersionedWritesClient::VersionedWritesClient(const env::Env& env, client::Config config,
                                             const VersionedWrites& workload, Place place, RunBook& book)
    : WorkloadClient(env, std::move(config), workload.load, place, book),
      workload_(workload),
      tables_(tables(workload, place.workload)) {}

std::vector<std::string> VersionedWritesClient::tables(const VersionedWrites& workload, std::size_t position) {
  std::vector<std::string> names;
  for (std::uint32_t table = 0; table < workload.tables; ++table) names.push_back(cat("writes_", position, "_", table));
  return names;
}

std::vector<std::string> VersionedWritesClient::schema(const VersionedWrites& workload, std::size_t position) {
  std::vector<std::string> statements;
  for (const std::string& table : tables(workload, position))
    statements.push_back(cat("CREATE TABLE IF NOT EXISTS ", table,
                             "(id INTEGER PRIMARY KEY, client INTEGER NOT NULL, written TEXT DEFAULT CURRENT_TIMESTAMP, "
                             "dice INTEGER DEFAULT (random()), body TEXT NOT NULL, parent INTEGER REFERENCES ", table,
                             "(id) DEFERRABLE INITIALLY DEFERRED)"));
  return statements;
}

client::CallId VersionedWritesClient::begin() {
  return draw_below(kKind, 1'000'000) < workload_.reads.parts_per_million ? begin_read() : begin_add();
}

client::CallId VersionedWritesClient::begin_read() {
  const std::string& table = tables_[draw_below(kTable, tables_.size())];
  const bool reads_version = draw_below(kReadKind, 2) == 0;
  const bool local = workload_.read_level == ReadLevel::kLocal;
  invoke(reads_version ? "version" : local ? "local-read" : "read", table, {});
  const client::ReadOptions options{.level = local ? wire::LOCAL : wire::LINEARIZABLE, .at = {}};
  const client::CallId call = reads_version ? client().get_version(table, {}, now(), timeout())
                                            : client().query(select_contents(table), options, now(), timeout());
  kinds_[call] = reads_version ? Kind::kVersion : Kind::kContents;
  return call;
}

client::CallId VersionedWritesClient::begin_add() {
  const std::string& table = tables_[draw_below(kTable, tables_.size())];
  reports::Value::Array ids;
  std::vector<wire::Statement> statements;
  for (std::uint32_t i = 0; i < workload_.statements; ++i) {
    const auto id = static_cast<std::int64_t>(
        ((std::uint64_t{place().number} << 32) + operation_number()) * workload_.statements + i);
    statements.push_back(insert(table, id));
    ids.emplace_back(id);
  }
  if (draw_below(kBreaks, 1'000'000) < workload_.breaking.parts_per_million)
    statements.push_back(breaking_insert(table, *ids.front().as_integer()));
  invoke("add", table, std::move(ids));
  const client::CallId call = client().write(std::move(statements), {}, now(), timeout());
  kinds_[call] = Kind::kAdd;
  return call;
}

wire::Statement VersionedWritesClient::insert(const std::string& table, std::int64_t id) const {
  wire::Statement insert = make_statement(cat("INSERT INTO ", table, "(id, client, body) VALUES(?1, ?2, ?3)"));
  add_integer(insert, id);
  add_integer(insert, place().number);
  add_text(insert, std::string(100, static_cast<char>('a' + id % 26)));
  return insert;
}

// After the insert of `id`: the first kind makes SQLite end its transaction, with all that stood in it before; the
// second is found out at the end of the batch, or by nobody before the end of the transaction.
wire::Statement VersionedWritesClient::breaking_insert(const std::string& table, std::int64_t id) {
  const bool is_duplicate = draw_below(kHowItBreaks, 2) == 0;
  wire::Statement insert =
      is_duplicate
          ? make_statement(cat("INSERT OR ROLLBACK INTO ", table, "(id, client, body) VALUES(?1, ?2, 'again')"))
          : make_statement(cat("INSERT INTO ", table, "(id, client, body, parent) VALUES(-?1, ?2, 'orphan', -1)"));
  add_integer(insert, id);
  add_integer(insert, place().number);
  return insert;
}

void VersionedWritesClient::end(const client::Completion& done) {
  const Kind kind = kinds_.extract(done.id).mapped();
  if (kind == Kind::kAdd) {
    complete(ending_of_write(done), {});
    return;
  }
  const Ending ending = ending_of_read(done);
  reports::Value result;
  if (ending.completion == reports::Completion::kOk)
    result = kind == Kind::kContents ? contents_of(done.reply.query().rows())
                                      : reports::Value(static_cast<std::int64_t>(done.reply.version()));
  complete(ending, std::move(result));
}

}  // namespace lockstep::scenarios
