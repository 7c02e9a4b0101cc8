// A client of a workload as an actor: paced operations, one at a time, through the real client library.
#pragma once

#include <optional>
#include <string>

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
// Of a read, which never has an effect.
Ending ending_of_read(const client::Completion& done);

wire::Statement make_statement(std::string sql);
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
  // A client that was killed leaves its operation in doubt.
  ~WorkloadClient() override;

  void start() override;
  void on_message(NodeId from, Channel channel, BytesView payload) override;
  void on_alarm() override;
  void on_job_done(std::unique_ptr<env::Job>) override {}

 protected:
  // Begins one operation: invokes it in the book and makes one call; answers with that call.
  virtual client::CallId begin() = 0;
  virtual void end(const client::Completion& done) = 0;

  Instant now() const { return env_.clock.monotonic_now(); }
  Instant timeout() const { return now() + load_.timeout; }
  std::uint64_t draw_below(Purpose purpose, std::uint64_t end);
  void invoke(std::string f, reports::Value key, reports::Value argument);
  void complete(const Ending& ending, reports::Value result);

  client::Client& client() { return client_; }
  RunBook& book() { return book_; }
  const Place& place() const { return place_; }
  std::uint64_t operation_number() const { return operations_; }

 private:
  void turn();
  bool finished() const;
  void begin_if_due();
  void schedule_next();

  env::Env env_;
  Load load_;
  Place place_;
  RunBook& book_;
  client::Client client_;
  std::int64_t process_;
  Instant started_;
  Instant next_{};                        // when the next operation begins
  std::optional<client::CallId> running_;
  std::size_t operation_ = 0;             // in the history
  std::uint64_t operations_ = 0;          // begun by this client
  bool done_ = false;
};

}  // namespace lockstep::scenarios
