// Reads, writes and compare-and-set as SQL.
#include "scenarios/register_client.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kKey{"register.key"};
constexpr Purpose kKind{"register.kind"};

wire::Statement select(std::uint64_t key) {
  return make_statement("SELECT v FROM registers WHERE k = ?1", {static_cast<std::int64_t>(key)});
}

// Null if there is no row.
reports::Value value_of(const wire::Rows& rows) {
  return rows.rows_size() > 0 ? reports::Value(rows.rows(0).values(0).integer()) : reports::Value();
}

}  // namespace

RegisterClient::RegisterClient(const env::Env& env, client::Config config, const RegisterWorkload& workload,
                               Place place, RunBook& book)
    : WorkloadClient(env, std::move(config), workload.load, place, book), workload_(workload) {}

std::vector<std::string> RegisterClient::schema(const RegisterWorkload&, std::size_t) {
  return {"CREATE TABLE IF NOT EXISTS registers(k INTEGER PRIMARY KEY, v INTEGER NOT NULL)"};
}

std::vector<Read> RegisterClient::last_reads(const RegisterWorkload& workload, std::size_t) {
  std::vector<Read> reads;
  for (std::uint64_t key = 0; key < workload.keys; ++key)
    reads.push_back({.f = "read", .key = key_name(key), .argument = {}, .statement = select(key), .result = value_of});
  return reads;
}

client::CallId RegisterClient::begin() {
  key_ = draw_below(kKey, workload_.keys);
  const std::uint64_t kind = draw_below(kKind, 1'000'000);
  const std::uint64_t reads = workload_.reads.parts_per_million;
  const bool knows = seen_.contains(key_);
  kind_ = kind < reads ? Kind::kRead : kind < reads + workload_.cas.parts_per_million && knows ? Kind::kCas : Kind::kWrite;

  if (kind_ == Kind::kRead) {
    const bool local = workload_.read_level == ReadLevel::kLocal;
    invoke(local ? "local-read" : "read", key_name(key_), {});
    return client().query(select(key_), {.level = local ? wire::LOCAL : wire::LINEARIZABLE, .at = {}}, now(),
                          timeout());
  }

  // Values are never written twice, so that a read tells which write it saw.
  value_ = static_cast<std::int64_t>((std::uint64_t{place().number} << 32) + operation_number());
  wire::Statement update;
  if (kind_ == Kind::kWrite) {
    invoke("write", key_name(key_), value_);
    update = make_statement(
        "INSERT INTO registers(k, v) VALUES(?1, ?2) ON CONFLICT(k) DO UPDATE SET v = excluded.v");
  } else {
    invoke("cas", key_name(key_), reports::Value::Array{seen_[key_], value_});
    update = make_statement("UPDATE registers SET v = ?2 WHERE k = ?1 AND v = ?3");
  }
  add_integer(update, static_cast<std::int64_t>(key_));
  add_integer(update, value_);
  if (kind_ == Kind::kCas) add_integer(update, seen_[key_]);
  std::vector<wire::Statement> statements;
  statements.push_back(std::move(update));
  return client().write(std::move(statements), {}, now(), timeout());
}

void RegisterClient::end(const client::Completion& done) {
  if (kind_ == Kind::kRead) {
    end_read(done);
  } else {
    end_write(done);
  }
}

void RegisterClient::end_read(const client::Completion& done) {
  const Ending ending = ending_of_read(done);
  reports::Value result;
  if (ending.completion == reports::Completion::kOk) result = value_of(done.reply.query().rows());
  if (const auto* value = result.as_integer()) seen_[key_] = *value;
  complete(ending, std::move(result));
}

void RegisterClient::end_write(const client::Completion& done) {
  Ending ending = ending_of_write(done);
  if (kind_ == Kind::kCas && ending.completion == reports::Completion::kOk &&
      done.reply.write().result().statements(0).changes() == 0) {
    ending = {reports::Completion::kFail, "cas-mismatch"};
    seen_.erase(key_);
  }
  if (ending.completion == reports::Completion::kOk) seen_[key_] = value_;
  complete(ending, {});
}

}  // namespace lockstep::scenarios
