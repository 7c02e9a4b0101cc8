// From operations to calls, and from answers to results.
#include "scenarios/read_write_client.h"

namespace lockstep::scenarios {

client::CallId ReadWriteClient::begin() {
  auto operation = next();
  if (auto* read = std::get_if<Read>(&operation)) return begin_read(std::move(*read));
  if (const auto* upkeep = std::get_if<Upkeep>(&operation)) return begin_upkeep(*upkeep);
  return begin_write(std::move(std::get<Write>(operation)));
}

client::CallId ReadWriteClient::begin_read(Read read) {
  const bool local = level_ == ReadLevel::kLocal;
  invoke(cat(local ? "local-" : "", read.f), read.key, read.argument);
  const client::ReadOptions options{.level = local ? wire::LOCAL : wire::LINEARIZABLE, .at = {}};
  const client::CallId call = client().query(std::move(read.statement), options, now(), timeout());
  open_[call] = std::move(read);
  return call;
}

client::CallId ReadWriteClient::begin_write(Write write) {
  invoke(write.f, write.key, write.argument);
  const client::CallId call = client().write(std::move(write.statements), {}, now(), timeout());
  open_[call] = std::move(write);
  return call;
}

client::CallId ReadWriteClient::begin_upkeep(const Upkeep& upkeep) {
  invoke(upkeep.what == wire::Maintain::VACUUM ? "vacuum" : "analyze", {}, {});
  const client::CallId call = client().maintain(upkeep.what, now(), timeout());
  open_[call] = upkeep;
  return call;
}

void ReadWriteClient::end(const client::Completion& done) {
  const Demand operation = std::move(open_.extract(done.id).mapped());
  reports::Value result;
  if (const auto* read = std::get_if<Read>(&operation)) {
    const Ending ending = ending_of_read(done);
    if (ending.completion == reports::Completion::kOk) result = read->result(done.reply.query().rows());
    return complete(ending, std::move(result));
  }
  if (std::holds_alternative<Upkeep>(operation)) return complete(ending_of_read(done), {});
  const Write& write = std::get<Write>(operation);
  const Ending ending = ending_of_write(done);
  if (ending.completion == reports::Completion::kOk && write.result)
    result = write.result(done.reply.write().result());
  complete(ending, std::move(result));
  if (ending.completion == reports::Completion::kOk) note_log_index(done.reply.write().index());
}

}  // namespace lockstep::scenarios
