// SQL of the set. No key but the row's number: nothing hides an insert that is executed twice.
#include "scenarios/set_client.h"

#include "scenarios/versioned_writes_client.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kReads{"sets.reads"};

std::string table(std::size_t position) { return cat("set_", position); }

Read read_of(std::size_t position) {
  return {.f = "read",
          .key = SetClient::key_name(position),
          .argument = {},
          .statement = make_statement(cat("SELECT element FROM ", table(position), " ORDER BY place")),
          .result = contents_of};
}

}  // namespace

SetClient::SetClient(const env::Env& env, client::Config config, const SetWorkload& workload, Place place,
                     RunBook& book)
    : ReadWriteClient(env, std::move(config), workload.load, workload.read_level, place, book),
      workload_(workload) {}

std::vector<std::string> SetClient::schema(const SetWorkload&, std::size_t position) {
  return {cat("CREATE TABLE IF NOT EXISTS ", table(position),
              "(place INTEGER PRIMARY KEY, element INTEGER NOT NULL)")};
}

std::vector<Read> SetClient::last_reads(const SetWorkload&, std::size_t position) {
  return {read_of(position)};
}

Demand SetClient::next() {
  const std::size_t position = place().workload;
  if (draws(kReads, workload_.reads)) return read_of(position);
  const std::int64_t element = unique_number();
  return Write{
      .f = "add",
      .key = key_name(position),
      .argument = reports::Value::Array{element},
      .statements = {make_statement(cat("INSERT INTO ", table(position), "(element) VALUES(?1)"), {element})},
      .result = {}};
}

}  // namespace lockstep::scenarios
