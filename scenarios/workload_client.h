// A client of a workload as an actor: paced operations, a few at a time, through the real client library.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "base/env/actor.h"
#include "core/client/client.h"
#include "scenarios/run_book.h"
#include "scenarios/scenario.h"

namespace lockstep::scenarios {

// How a completed call reads in a history.
struct Ending {
  reports::Completion completion = reports::Completion::kOk;
  std::string error;
};
// Of a write: kInfo if nobody knows, kFail if it certainly had no effect (also when SQL refused it).
Ending ending_of_write(const client::Completion& done);
// Of a read, which never has an effect, and of maintenance, which has none that a read could see.
Ending ending_of_read(const client::Completion& done);

wire::Statement make_statement(std::string sql, std::initializer_list<std::int64_t> parameters = {});
void add_integer(wire::Statement& statement, std::int64_t value);
void add_text(wire::Statement& statement, std::string value);

// Which part of a workload this client is.
struct Place {
  std::size_t workload = 0;    // in the scenario's list
  std::uint32_t position = 0;  // among the workload's clients, from 0
  std::uint32_t number = 1;    // c<number>
};

class WorkloadClient : public env::Actor {
 public:
  WorkloadClient(const env::Env& env, client::Config config, const Load& load, Place place, RunBook& book);
  // A client that was killed leaves its operations in doubt.
  ~WorkloadClient() override;

  void start() override {}
  void on_message(NodeId from, Channel channel, BytesView payload) override;
  void on_alarm() override;
  void on_job_done(std::unique_ptr<env::Job>) override {}
  void on_turn_end() override;

 protected:
  // Begins one operation: invokes it in the book and makes one call; answers with that call.
  virtual client::CallId begin() = 0;
  // Must complete() the operation of that call.
  virtual void end(const client::Completion& done) = 0;

  Instant now() const { return env_.clock.monotonic_now(); }
  Instant timeout() const { return now() + load_.timeout; }
  void invoke(std::string f, reports::Value key, reports::Value argument);
  void complete(const Ending& ending, reports::Value result);
  // Of the operation that was just completed.
  void note_log_index(std::uint64_t index) { book_.note_log_index(current_.number, index); }
  // `nth`: which of the draws for this purpose that the present operation makes.
  std::uint64_t draw_below(Purpose purpose, std::uint64_t end, std::uint64_t nth = 0);
  bool draws(Purpose purpose, Probability probability, std::uint64_t nth = 0) {
    return draw_below(purpose, 1'000'000, nth) < probability.parts_per_million;
  }

  client::Client& client() { return client_; }
  RunBook& book() { return book_; }
  const Place& place() const { return place_; }
  std::uint64_t operation_number() const { return operations_; }

 private:
  // One operation as the history knows it. There a process has at most one that is not completed.
  struct Operation {
    std::int64_t process = 0;
    std::size_t number = 0;
  };

  void conclude(const client::Completion& done);
  Instant due() const { return std::max(next_, looks_again_); }
  bool finished() const;
  bool may_begin() const { return !done_ && running_.size() < load_.pipeline && (running_.empty() || !finished()); }
  void begin_due();
  std::int64_t idle_process();

  env::Env env_;
  Load load_;
  Place place_;
  RunBook& book_;
  client::Client client_;
  std::vector<std::int64_t> idle_processes_;
  Instant started_;
  Instant next_{};  // when the next operation begins; a turn of a rate stays where it is while the tables are late
  Instant looks_again_{};  // whether they are there
  std::map<client::CallId, Operation> running_;
  Operation current_;             // the one that begins or ends just now
  std::uint64_t operations_ = 0;  // begun by this client
  bool done_ = false;
};

}  // namespace lockstep::scenarios
