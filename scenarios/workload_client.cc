// Pacing, and the translation between calls and history.
#include "scenarios/workload_client.h"

#include <algorithm>

#include "storage/sql/value.h"

namespace lockstep::scenarios {
namespace {

// How often a client looks whether the tables are there.
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

wire::Statement make_statement(std::string sql, std::initializer_list<std::int64_t> parameters) {
  wire::Statement statement;
  statement.set_sql(std::move(sql));
  for (const std::int64_t parameter : parameters) add_integer(statement, parameter);
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
      started_(env.clock.monotonic_now()) {
  ++book_.busy_clients;
  next_ = started_ + load_.start;
  // The clients of a rate take turns.
  if (const auto* rate = std::get_if<Rate>(&load_.pacing)) next_ += rate->interval() * place_.position;
}

WorkloadClient::~WorkloadClient() {
  for (const auto& [call, operation] : running_) {
    current_ = operation;
    complete({reports::Completion::kInfo, "client killed"}, {});
  }
  if (!done_) --book_.busy_clients;
}

void WorkloadClient::on_message(NodeId from, Channel channel, BytesView payload) {
  if (channel == Channel::kReply) client_.on_reply(from, payload, now());
}

void WorkloadClient::on_alarm() { client_.on_deadline(now()); }

void WorkloadClient::on_turn_end() {
  for (const client::Completion& done : client_.take_completions()) conclude(done);
  begin_due();
  for (const client::Outgoing& out : client_.take_outgoing())
    env_.transport.send(out.to, Channel::kRequest, out.payload);
  env_.alarm.set(std::min(client_.deadline(), may_begin() ? std::max(due(), now()) : kNever));
}

void WorkloadClient::conclude(const client::Completion& done) {
  const auto running = running_.extract(done.id);
  if (running.empty()) return;
  current_ = running.mapped();
  end(done);
  if (const auto* think = std::get_if<Think>(&load_.pacing)) next_ = now() + think->time;
}

bool WorkloadClient::finished() const {
  const Instant end = started_ + load_.start + load_.lasting;
  const bool waits_in_vain = !book_.schema_ready && now() >= end;
  return next_ >= end || waits_in_vain || (load_.ops && book_.begun(place_.workload) >= *load_.ops);
}

void WorkloadClient::begin_due() {
  while (may_begin() && now() >= due()) {
    if (finished()) {
      done_ = true;
      --book_.busy_clients;
    } else if (!book_.schema_ready) {
      looks_again_ = now() + kPatience;
    } else {
      ++book_.begun(place_.workload);
      ++operations_;
      if (const auto* rate = std::get_if<Rate>(&load_.pacing)) next_ += rate->interval() * load_.clients;
      const client::CallId call = begin();
      running_[call] = current_;
    }
  }
}

std::uint64_t WorkloadClient::draw_below(Purpose purpose, std::uint64_t end, std::uint64_t nth) {
  return below(draw(env_.seed, purpose, place_.number + (nth << 32), operations_), end);
}

std::int64_t WorkloadClient::idle_process() {
  if (idle_processes_.empty()) return book_.new_process();
  const std::int64_t process = idle_processes_.back();
  idle_processes_.pop_back();
  return process;
}

void WorkloadClient::invoke(std::string f, reports::Value key, reports::Value argument) {
  current_.process = idle_process();
  current_.number = book_.invoke(place_.number, current_.process, std::move(f), std::move(key), std::move(argument));
}

// A process whose operation is in doubt does not come back.
void WorkloadClient::complete(const Ending& ending, reports::Value result) {
  book_.complete(current_.number, ending.completion, std::move(result), ending.error);
  if (ending.completion != reports::Completion::kInfo) idle_processes_.push_back(current_.process);
}

}  // namespace lockstep::scenarios
