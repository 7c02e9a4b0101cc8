// The statements. In their texts, @ stands for the workload's first table, # for the number of a row.
//
// A row tells its size, how many children it has, and the dice and the time that its defaults drew; a trigger
// has written those down elsewhere when the row came.
#include "scenarios/mixed_sql_client.h"

#include <algorithm>
#include <array>

namespace lockstep::scenarios {
namespace {

constexpr Purpose kReads{"mixed_sql.reads"};
constexpr Purpose kWhat{"mixed_sql.what"};
constexpr Purpose kHow{"mixed_sql.how"};
constexpr Purpose kIsLarge{"mixed_sql.is_large"};
constexpr Purpose kBytes{"mixed_sql.bytes"};
constexpr Purpose kChildren{"mixed_sql.children"};
constexpr Purpose kIsIgnored{"mixed_sql.is_ignored"};
constexpr Purpose kIsEndless{"mixed_sql.is_endless"};
constexpr Purpose kHowEndless{"mixed_sql.how_endless"};
constexpr Purpose kPasses{"mixed_sql.passes"};
constexpr Purpose kIsUpkeep{"mixed_sql.is_upkeep"};
constexpr Purpose kWhichUpkeep{"mixed_sql.which_upkeep"};

constexpr std::array<std::string_view, 5> kSchema{
    "CREATE TABLE IF NOT EXISTS @(id INTEGER PRIMARY KEY, size INTEGER NOT NULL, children INTEGER NOT NULL, "
    "fate TEXT NOT NULL DEFAULT 'stay', dice INTEGER NOT NULL DEFAULT (random()), "
    "written TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')), body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS @_child(id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL DEFAULT "
    "(hex(randomblob(8))), parent INTEGER NOT NULL REFERENCES @(id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TABLE IF NOT EXISTS @_log(id INTEGER, dice INTEGER, written TEXT, own INTEGER DEFAULT "
    "(random()))",
    "CREATE TRIGGER IF NOT EXISTS @_ignored BEFORE INSERT ON @ WHEN new.fate = 'ignore' BEGIN "
    "SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER IF NOT EXISTS @_logged AFTER INSERT ON @ BEGIN "
    "INSERT INTO @_log(id, dice, written) VALUES(new.id, new.dice, new.written); "
    "SELECT CASE new.fate WHEN 'rollback' THEN RAISE(ROLLBACK, 'its fate') WHEN 'abort' THEN RAISE(ABORT, "
    "'its fate') "
    "WHEN 'fail' THEN RAISE(FAIL, 'its fate') END; END"};

constexpr std::string_view kInsert =
    "INSERT INTO @(id, size, children, body) VALUES(#, ?1, ?2, randomblob(?1))";
constexpr std::string_view kInsertChild = "INSERT INTO @_child(parent) VALUES(#)";
constexpr std::string_view kInsertIgnored =
    "INSERT INTO @(id, size, children, fate, body) VALUES(-#, 0, 0, 'ignore', x'')";

// Each of these, after the insert of row #, must undo the whole write: at once, at the end of the batch, or
// by ending SQLite's own transaction with all that stood in it.
constexpr std::array<std::string_view, 7> kBreaking{
    "INSERT OR ROLLBACK INTO @(id, size, children, body) VALUES(#, 0, 0, x'')",
    "INSERT OR FAIL INTO @(id, size, children, body) VALUES(-#, 0, 0, x''), (#, 0, 0, x'')",
    "INSERT INTO @(id, size, children, fate, body) VALUES(-#, 0, 0, 'rollback', x'')",
    "INSERT INTO @(id, size, children, fate, body) VALUES(-#, 0, 0, 'abort', x'')",
    "INSERT INTO @(id, size, children, fate, body) VALUES(-#, 0, 0, 'fail', x'')",
    "INSERT INTO @_child(parent) VALUES(-#)",
    "INSERT INTO @_that_is_not_there VALUES(1)"};

// A sequence that has given its last number.
constexpr std::array<std::string_view, 2> kFull{
    "CREATE TABLE IF NOT EXISTS @_full(id INTEGER PRIMARY KEY AUTOINCREMENT)",
    "INSERT OR IGNORE INTO @_full(id) VALUES(9223372036854775807)"};

// What one replica must not take for trouble of its own. The first would take twice the operations that a batch may, and is
// ended before it begins: the price of the function is known from its arguments. To the second SQLite says
// what it says of a full disk.
constexpr std::array<std::string_view, 2> kEndless{
    "UPDATE @ SET size = instr(zeroblob(200000), zeroblob(100000)) WHERE id = #",
    "INSERT INTO @_full DEFAULT VALUES"};

// A queue whose rows get their numbers from those that are there: who renumbers them goes another way than
// the others.
constexpr std::string_view kQueue = "CREATE TABLE IF NOT EXISTS @_queue(item INTEGER NOT NULL)";
// Before anything else of its write: what SQLite remembers of what ran before it differs per replica.
constexpr std::string_view kRemembered =
    "INSERT INTO @_queue(item) SELECT last_insert_rowid() + changes()";
constexpr std::array<std::string_view, 2> kPassing{
    "INSERT INTO @_queue(item) VALUES(#)",
    "DELETE FROM @_queue WHERE rowid <= (SELECT max(rowid) - 5 FROM @_queue)"};

// Beside the insert of row #.
constexpr std::array<std::array<std::string_view, 3>, 4> kChangesOfSchema{{
    {"CREATE TABLE @_# AS SELECT id, dice FROM @ WHERE id = #", "UPDATE @_# SET dice = random()",
     "DROP TABLE @_#"},
    {"CREATE INDEX @_of_dice ON @(dice)", "UPDATE @ SET size = size WHERE id = #", "DROP INDEX @_of_dice"},
    {"CREATE TABLE @_#(id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP)",
     "ALTER TABLE @_# ADD COLUMN dice INTEGER DEFAULT 7",
     "INSERT INTO @_#(id) SELECT id FROM @ WHERE id = #"},
    {"CREATE INDEX IF NOT EXISTS @_of_parent ON @_child(parent)",
     "CREATE VIEW IF NOT EXISTS @_view AS SELECT count(*) AS n FROM @_child", "SELECT n FROM @_view"},
}};

constexpr std::string_view kSelect =
    "SELECT id, CASE WHEN id < 0 OR fate <> 'stay' THEN 'should never have been there' "
    "WHEN length(body) <> size THEN 'has another size than it says' "
    "WHEN (SELECT count(*) FROM @_child AS child WHERE child.parent = a.id) <> children "
    "THEN 'has another number of children than it says' "
    "WHEN (SELECT count(*) FROM @_log AS log WHERE log.id = a.id AND log.dice = a.dice AND log.written = "
    "a.written) <> 1 "
    "THEN 'is not logged once as it is' END FROM @ AS a ORDER BY id";

std::string replaced(std::string_view text, char mark, std::string_view by) {
  std::string out;
  for (const char c : text) {
    if (c == mark) {
      out += by;
    } else {
      out += c;
    }
  }
  return out;
}

std::string table(std::size_t position) { return cat("mixed_", position); }

reports::Value rows_of(const wire::Rows& rows) {
  reports::Value::Array found;
  for (const wire::Row& row : rows.rows()) {
    const std::int64_t id = row.values(0).integer();
    if (row.values(1).kind_case() == wire::Value::KIND_NOT_SET) {
      found.emplace_back(id);
    } else {
      found.emplace_back(cat("row ", id, " ", row.values(1).text()));
    }
  }
  return found;
}

Read read_of(std::size_t position) {
  return {.f = "read",
          .key = MixedSqlClient::key_name(position),
          .argument = {},
          .statement = make_statement(replaced(kSelect, '@', table(position))),
          .result = rows_of};
}

}  // namespace

MixedSqlClient::MixedSqlClient(const env::Env& env, client::Config config, const MixedSqlWorkload& workload,
                               Place place, RunBook& book)
    : ReadWriteClient(env, std::move(config), workload.load, workload.read_level, place, book),
      workload_(workload) {}

std::vector<std::string> MixedSqlClient::schema(const MixedSqlWorkload& workload, std::size_t position) {
  std::vector<std::string> statements;
  for (const std::string_view text : kSchema) statements.push_back(replaced(text, '@', table(position)));
  if (workload.passing.parts_per_million > 0) statements.push_back(replaced(kQueue, '@', table(position)));
  if (workload.endless.parts_per_million > 0)
    for (const std::string_view text : kFull) statements.push_back(replaced(text, '@', table(position)));
  return statements;
}

std::vector<Read> MixedSqlClient::last_reads(const MixedSqlWorkload&, std::size_t position) {
  return {read_of(position)};
}

Demand MixedSqlClient::next() {
  if (draws(kIsUpkeep, workload_.upkeep))
    return Upkeep{draw_below(kWhichUpkeep, 2) == 0 ? wire::Maintain::VACUUM : wire::Maintain::ANALYZE};
  if (draws(kReads, workload_.reads)) return read_of(place().workload);
  const std::int64_t id = unique_number();
  std::vector<wire::Statement> statements = insert(id);
  if (draws(kPasses, workload_.passing)) {
    statements.insert(statements.begin(), statement(kRemembered, id));
    for (const std::string_view text : kPassing) statements.push_back(statement(text, id));
  }
  const std::uint64_t what = draw_below(kWhat, 1'000'000);
  const std::uint64_t breaking = workload_.breaking.parts_per_million;
  if (draws(kIsEndless, workload_.endless)) {
    statements.push_back(statement(kEndless[draw_below(kHowEndless, kEndless.size())], id));
  } else if (what < breaking) {
    statements.push_back(statement(kBreaking[draw_below(kHow, kBreaking.size())], id));
  } else if (what < breaking + workload_.schema.parts_per_million) {
    for (const std::string_view text : kChangesOfSchema[draw_below(kHow, kChangesOfSchema.size())])
      statements.push_back(statement(text, id));
  }
  return Write{.f = "add",
               .key = key_name(place().workload),
               .argument = reports::Value::Array{id},
               .statements = std::move(statements),
               .result = {}};
}

std::vector<wire::Statement> MixedSqlClient::insert(std::int64_t id) {
  constexpr std::uint64_t kSmall = 100;
  const bool is_large = draw_below(kIsLarge, 10) == 0;
  const std::uint64_t bytes = 1 + draw_below(kBytes, is_large ? workload_.most_bytes : kSmall);
  const std::uint64_t children = draw_below(kChildren, 3);
  wire::Statement row = statement(kInsert, id);
  add_integer(row, static_cast<std::int64_t>(bytes));
  add_integer(row, static_cast<std::int64_t>(children));
  std::vector<wire::Statement> statements{std::move(row)};
  for (std::uint64_t child = 0; child < children; ++child) statements.push_back(statement(kInsertChild, id));
  if (draw_below(kIsIgnored, 8) == 0) statements.push_back(statement(kInsertIgnored, id));
  return statements;
}

wire::Statement MixedSqlClient::statement(std::string_view text, std::int64_t id) const {
  return make_statement(replaced(replaced(text, '@', table(place().workload)), '#', cat(id)));
}

}  // namespace lockstep::scenarios
