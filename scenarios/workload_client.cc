// Pacing, and the translation between calls and history.
#include "scenarios/workload_client.h"

#include <algorithm>

#include "storage/sql/value.h"

namespace lockstep::scenarios {
namespace {

// How often a client looks whether the schema is there.
constexpr Duration kPatience = std::chrono::milliseconds(10);

Ending failed(std::string why) { return {reports::Completion::kFail, std::move(why)}; }

}  // namespace

Ending ending_of_write(const client::Completion& done) {
  if (done.conclusion == client::Conclusion::kUnknown) return {reports::Completion::kInfo, "unknown"};
  if (done.conclusion == client::Conclusion::kFailed) return failed("not executed");
  const wire::WriteOutcome& outcome = done.reply.write();
  if (outcome.kind() == wire::WriteOutcome::ABORTED) return failed("aborted");
  if (outcome.result().outcome() != static_cast<std::uint32_t>(sql::Outcome::kOk))
    return failed(outcome.result().message());
  return {};
}

Ending ending_of_read(const client::Completion& done) {
  if (done.conclusion != client::Conclusion::kDone) return failed("no answer");
  const bool is_query = done.reply.has_query();
  if (is_query && done.reply.query().outcome() != static_cast<std::uint32_t>(sql::Outcome::kOk))
    return failed(done.reply.query().message());
  return {};
}

wire::Statement make_statement(std::string sql) {
  wire::Statement statement;
  statement.set_sql(std::move(sql));
  return statement;
}

void add_integer(wire::Statement& statement, std::int64_t value) { statement.add_parameters()->set_integer(value); }
void add_text(wire::Statement& statement, std::string value) {
  statement.add_parameters()->set_text(std::move(value));
}

WorkloadClient::WorkloadClient(const env::Env& env, client::Config config, const Load& load, Place place,
                               RunBook& book)
    : env_(env),
      load_(load),
      place_(place),
      book_(book),
      client_(std::move(config), env.clock.monotonic_now()),
      process_(book.new_process()),
      started_(env.clock.monotonic_now()) {
  ++book_.busy_clients;
  next_ = started_ + load_.start;
  // The clients of a rate take turns.
  if (const auto* rate = std::get_if<Rate>(&load_.pacing)) next_ += rate->interval() * place_.position;
}

WorkloadClient::~WorkloadClient() {
  if (running_) complete({reports::Completion::kInfo, "client killed"}, {});
  if (!done_) --book_.busy_clients;
}

void WorkloadClient::start() { turn(); }

void WorkloadClient::on_message(NodeId from, Channel channel, BytesView payload) {
  if (channel == Channel::kReply) client_.on_reply(from, payload, now());
  turn();
}

void WorkloadClient::on_alarm() {
  client_.on_deadline(now());
  turn();
}

void WorkloadClient::turn() {
  for (const client::Completion& done : client_.take_completions()) {
    if (done.id != running_) continue;
    running_.reset();
    end(done);
    schedule_next();
  }
  begin_if_due();
  for (const client::Outgoing& out : client_.take_outgoing())
    env_.transport.send(out.to, Channel::kRequest, out.payload);
  env_.alarm.set(std::min(client_.deadline(), running_ || done_ ? kNever : std::max(next_, now())));
}

bool WorkloadClient::finished() const {
  return next_ >= started_ + load_.start + load_.lasting || (load_.ops && book_.begun(place_.workload) >= *load_.ops);
}

void WorkloadClient::begin_if_due() {
  if (running_ || done_ || now() < next_) return;
  if (finished()) {
    done_ = true;
    --book_.busy_clients;
  } else if (!book_.schema_ready) {
    next_ = now() + kPatience;
  } else {
    ++book_.begun(place_.workload);
    ++operations_;
    running_ = begin();
  }
}

void WorkloadClient::schedule_next() {
  if (const auto* think = std::get_if<Think>(&load_.pacing)) {
    next_ = now() + think->time;
  } else {
    next_ += std::get<Rate>(load_.pacing).interval() * load_.clients;
  }
}

std::uint64_t WorkloadClient::draw_below(Purpose purpose, std::uint64_t end) {
  return below(draw(env_.seed, purpose, place_.number, operations_), end);
}

void WorkloadClient::invoke(std::string f, reports::Value key, reports::Value argument) {
  operation_ = book_.invoke(process_, std::move(f), std::move(key), std::move(argument));
}

void WorkloadClient::complete(const Ending& ending, reports::Value result) {
  book_.complete(operation_, ending.completion, std::move(result), ending.error);
  if (ending.completion == reports::Completion::kInfo) process_ = book_.new_process();
}

}  // namespace lockstep::scenarios
