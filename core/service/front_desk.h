// The clients' side of every node: reads their requests, hands well-formed ones to the executor, writes the
// answers.
#pragma once

#include <google/protobuf/arena.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/env/actor.h"
#include "core/replica/state_machine.h"
#include "core/service/executor.h"
#include "core/service/request_counters.h"

namespace lockstep::service {

class FrontDesk {
 public:
  // `env` and `executor` outlive the desk. `max_write_bytes`: of a request; far below what a frame and a row
  // of SQLite hold.
  FrontDesk(const env::Env& env, Executor& executor, std::size_t max_write_bytes)
      : env_(env), executor_(executor), max_write_bytes_(max_write_bytes) {}

  void on_request(NodeId client, BytesView payload);

  void refuse(const Caller& caller, wire::ReplyStatus status, std::string message = {});
  // To the client of a query that was ended.
  void time_is_over(const Caller& caller);
  // What a command did when it was applied.
  void answer(const Caller& caller, const replica::AppliedCommand& command);
  // `staleness`: how long this node may have missed what happened.
  void answer(const Caller& caller, const sql::QueryResult& result, Duration staleness);

 private:
  void route(const Caller& caller, wire::Request& request);
  bool is_under_way(const Caller& caller, const wire::MaintainRequest& request) const;
  void write(const Caller& caller, wire::WriteRequest& request, wire::Command& command);
  // `outcome`: a wire::WriteOutcome as it was applied, or nothing.
  void reply(const Caller& caller, wire::Reply& answer, BytesView outcome = {});

  const env::Env& env_;
  Executor& executor_;
  std::size_t max_write_bytes_;
  RequestCounters counters_;
  std::map<std::pair<NodeId, std::uint64_t>, wire::Maintain::What> maintenance_;  // not answered, by client and call
  Bytes reply_bytes_;

  // The request at work and its command. The first block is reused, so that small requests allocate little.
  static constexpr std::size_t kBlockBytes = std::size_t{8} << 10;
  std::unique_ptr<char[]> block_ = std::make_unique_for_overwrite<char[]>(kBlockBytes);
  google::protobuf::Arena arena_{block_.get(), kBlockBytes};
};

}  // namespace lockstep::service
