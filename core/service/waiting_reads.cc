// Admission, patience, withdrawal.
#include "core/service/waiting_reads.h"

#include <algorithm>

#include "base/check.h"

namespace lockstep::service {

Result<ReadTicket> WaitingReads::admit(const Caller& caller, Duration patience, Instant now) {
  if (reads_.size() >= limits_.most)
    return fail(ErrorCode::kUnavailable, cat("more than ", limits_.most, " reads are waiting"));
  const std::size_t share = (limits_.most + 1) / 2;
  const auto own = by_client_.find(caller.client);
  if (own != by_client_.end() && own->second.size() >= share)
    return fail(ErrorCode::kUnavailable, cat("more than ", share, " reads of this client are waiting"));
  const ReadTicket ticket(++next_);
  by_client_[caller.client].insert(ticket);
  const Duration wait = patience > Duration::zero() ? std::min(patience, limits_.longest) : limits_.longest;
  const Instant deadline = now + wait;
  wake_ = std::min(wake_, deadline);
  reads_.emplace_hint(reads_.end(), ticket, Read{caller, deadline, std::make_shared<sql::Withdrawal>()});
  return ticket;
}

bool WaitingReads::end(ReadTicket ticket) {
  const auto read = reads_.extract(ticket);
  CHECK(!read.empty(), "read ", ticket, " has ended already");
  const auto own = by_client_.find(read.mapped().caller.client);
  own->second.erase(ticket);
  if (own->second.empty()) by_client_.erase(own);
  return !read.mapped().withdrawal->withdrawn();
}

std::vector<Caller> WaitingReads::expire(Instant now) {
  std::vector<Caller> late;
  if (now < wake_) return late;
  wake_ = kNever;
  for (auto& [ticket, read] : reads_) {
    if (read.withdrawal->withdrawn()) continue;
    if (read.deadline <= now) {
      read.withdrawal->withdraw();
      late.push_back(read.caller);
    } else {
      wake_ = std::min(wake_, read.deadline);
    }
  }
  return late;
}

bool WaitingReads::withdraw_all_of(NodeId client) {
  const auto own = by_client_.find(client);
  if (own == by_client_.end()) return false;
  for (const ReadTicket ticket : own->second) reads_.at(ticket).withdrawal->withdraw();
  return true;
}

std::vector<Caller> WaitingReads::withdraw_all() {
  std::vector<Caller> all;
  for (auto& [ticket, read] : reads_) {
    if (read.withdrawal->withdrawn()) continue;
    read.withdrawal->withdraw();
    all.push_back(read.caller);
  }
  return all;
}

std::optional<Caller> WaitingReads::withdraw(NodeId client, std::uint64_t call) {
  const auto own = by_client_.find(client);
  if (own == by_client_.end()) return std::nullopt;
  for (const ReadTicket ticket : own->second) {
    Read& read = reads_.at(ticket);
    if (read.caller.call != call || read.withdrawal->withdrawn()) continue;
    read.withdrawal->withdraw();
    return read.caller;
  }
  return std::nullopt;
}

}  // namespace lockstep::service
