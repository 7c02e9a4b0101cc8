// The reads that clients wait for: how many at most, until when, and who does not wait any more.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/service/executor.h"
#include "storage/sql/withdrawal.h"

namespace lockstep::service {

struct ReadLimits {
  std::size_t most = 10'000;  // half of them of one client: nobody fills the queue for everybody
  Duration longest = std::chrono::seconds(60);  // then a read is ended, whatever its client said
};

using ReadTicket = Id<struct ReadTicketTag>;

// Every admitted read ends once: answered, or because nobody waits for it (docs/decisions/0080). It may take
// a moment from then until its lane notices; so long it still counts.
class WaitingReads {
 public:
  explicit WaitingReads(ReadLimits limits) : limits_(limits) {}

  // Counts a read, or says why it must be asked again later. `patience`: zero: as long as the limit.
  Result<ReadTicket> admit(const Caller& caller, Duration patience, Instant now);
  const sql::WithdrawalPtr& withdrawal(ReadTicket ticket) const { return reads_.at(ticket).withdrawal; }
  bool is_awaited(ReadTicket ticket) const { return !reads_.at(ticket).withdrawal->withdrawn(); }
  // It is over. Whether its client is still to be told.
  bool end(ReadTicket ticket);

  // Whose time is over: to be told so, now.
  std::vector<Caller> expire(Instant now);
  // At the latest then somebody's time may be over.
  Instant deadline() const { return wake_; }
  // Nothing is to be told. Whether there were any.
  bool withdraw_all_of(NodeId client);
  // All of them: to be told why.
  std::vector<Caller> withdraw_all();
  // To be told so, if it waits.
  std::optional<Caller> withdraw(NodeId client, std::uint64_t call);

 private:
  struct Read {
    Caller caller;
    Instant deadline;
    sql::WithdrawalPtr withdrawal;
  };

  ReadLimits limits_;
  std::map<ReadTicket, Read> reads_;
  std::map<NodeId, std::set<ReadTicket>> by_client_;  // no empty ones
  std::uint64_t next_ = 0;
  Instant wake_ = kNever;  // the earliest deadline that was known when it was set
};

}  // namespace lockstep::service
