// What the clients of a run asked and were told, and how far they are; kept by the runner, outside the world.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "reports/history.h"

namespace lockstep::scenarios {

class RunBook {
 public:
  static constexpr std::uint32_t kRunner = 0;  // among the clients

  // `now`: the time since the run began, for the labels of the history.
  void open(std::function<Duration()> now) { now_ = std::move(now); }
  // The run is over: what its clients still say when they end is not written down.
  void close() { now_ = nullptr; }

  // A process of the history: one client until an operation of it ends in doubt, then the client is another
  // one.
  std::int64_t new_process() { return next_process_++; }

  // `client`: whose operation it is: c<client>, or the runner.
  std::size_t invoke(std::uint32_t client, std::int64_t process, std::string f, reports::Value key,
                     reports::Value argument) {
    clients_.push_back(client);
    return history_.invoke(process, std::move(f), std::move(key), std::move(argument), now_().count());
  }
  void complete(std::size_t operation, reports::Completion completion, reports::Value result,
                std::string error) {
    if (!now_) return;
    ++counts_[static_cast<std::size_t>(completion)];
    history_.complete(operation, completion, std::move(result), now_().count(), std::move(error));
  }

  // Where the log of the database has the operation, which is completed.
  void note_log_index(std::size_t operation, std::uint64_t index) {
    if (now_) history_.set_log_index(operation, static_cast<std::int64_t>(index));
  }

  std::uint64_t count(reports::Completion completion) const {
    return counts_[static_cast<std::size_t>(completion)];
  }
  const reports::History& history() const { return history_; }
  // Whose operation each one of the history is. A client is one session, with all its processes.
  const std::vector<std::uint32_t>& clients() const { return clients_; }

  // Workload clients wait for the schema; the runner waits for the clients.
  bool schema_ready = false;
  std::uint32_t busy_clients = 0;

  // Shared by the clients of one workload: operations that have begun.
  std::uint64_t& begun(std::size_t workload) {
    if (begun_.size() <= workload) begun_.resize(workload + 1);
    return begun_[workload];
  }

 private:
  std::function<Duration()> now_;
  reports::History history_;
  std::vector<std::uint32_t> clients_;
  std::int64_t next_process_ = 0;
  std::uint64_t counts_[3] = {};
  std::vector<std::uint64_t> begun_;
};

}  // namespace lockstep::scenarios
