// Sessions and prepared transactions in memory, and their rows.
#include "core/replica/replicated_state.h"

#include <algorithm>

#include "base/check.h"
#include "core/proto/command.pb.h"

namespace lockstep::replica {
namespace {

// Kinds of rows; on disk.
constexpr std::uint32_t kClockSpace = 1;
constexpr std::uint32_t kSessionSpace = 2;
constexpr std::uint32_t kPreparedSpace = 3;

Bytes key_of(std::uint64_t number) {
  Bytes key;
  ByteWriter(key).ordered_u64(number);
  return key;
}

std::uint64_t number_of(BytesView key) {
  const auto number = ByteReader(key).ordered_u64();
  CHECK(number.has_value(), "a state row with a key of ", key.size(), " bytes");
  return *number;
}

constexpr std::size_t kMaxSessionBytes = 16 << 20;
constexpr std::size_t kBytesBesideOutcome = 16;  // of its sequence and framing, at most

}  // namespace

void ReplicatedState::Session::store(std::uint64_t sequence, Bytes outcome) {
  Bytes& place = outcomes[sequence];
  if (!place.empty()) bytes -= place.size() + kBytesBesideOutcome;
  place = std::move(outcome);
  bytes += place.size() + kBytesBesideOutcome;
}

void ReplicatedState::Session::forget_below(std::uint64_t sequence) {
  first_incomplete = std::max(first_incomplete, sequence);
  while (!outcomes.empty() && outcomes.begin()->first < first_incomplete) {
    bytes -= outcomes.begin()->second.size() + kBytesBesideOutcome;
    outcomes.erase(outcomes.begin());
  }
}

void ReplicatedState::advance_time(std::int64_t to_ns) {
  if (to_ns <= entry_time_ns_) return;
  entry_time_ns_ = to_ns;
  dirty_time_ = true;
}

void ReplicatedState::open_session(std::uint64_t session) {
  std::erase_if(sessions_, [this](const auto& item) {
    const bool expired = item.second.last_active_ns + session_timeout_ns_ < entry_time_ns_;
    if (expired) dirty_sessions_.insert(item.first);
    return expired;
  });
  sessions_[session].last_active_ns = entry_time_ns_;
  dirty_sessions_.insert(session);
}

void ReplicatedState::close_session(std::uint64_t session) {
  if (sessions_.erase(session) > 0) dirty_sessions_.insert(session);
}

ReplicatedState::Admission ReplicatedState::admit(std::uint64_t session, std::uint64_t sequence,
                                                  std::uint64_t first_incomplete) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return {Admission::Verdict::kSessionUnknown};
  Session& state = found->second;
  state.last_active_ns = entry_time_ns_;
  state.forget_below(first_incomplete);
  dirty_sessions_.insert(session);
  if (sequence < state.first_incomplete) return {Admission::Verdict::kSequenceExpired};
  const auto stored = state.outcomes.find(sequence);
  if (stored != state.outcomes.end()) return {Admission::Verdict::kStored, &stored->second};
  return {Admission::Verdict::kExecute};
}

void ReplicatedState::record(std::uint64_t session, std::uint64_t sequence, Bytes outcome) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  Session& state = found->second;
  state.store(sequence, std::move(outcome));
  while (state.bytes > kMaxSessionBytes && state.outcomes.size() > 1)
    state.forget_below(state.outcomes.begin()->first + 1);
  dirty_sessions_.insert(session);
}

void ReplicatedState::prepare(LogIndex transaction, Bytes write) {
  prepared_[transaction] = std::move(write);
  dirty_prepared_.insert(transaction);
}

std::optional<Bytes> ReplicatedState::take_prepared(LogIndex transaction) {
  const auto found = prepared_.find(transaction);
  if (found == prepared_.end()) return std::nullopt;
  Bytes write = std::move(found->second);
  prepared_.erase(found);
  dirty_prepared_.insert(transaction);
  return write;
}

std::vector<LogIndex> ReplicatedState::undecided() const {
  std::vector<LogIndex> transactions;
  for (const auto& [transaction, write] : prepared_) transactions.push_back(transaction);
  return transactions;
}

void ReplicatedState::reset() {
  entry_time_ns_ = 0;
  sessions_.clear();
  prepared_.clear();
  dirty_time_ = false;
  dirty_sessions_.clear();
  dirty_prepared_.clear();
}

void ReplicatedState::row(std::uint32_t space, BytesView key, BytesView value) {
  switch (space) {
    case kClockSpace:
      entry_time_ns_ = static_cast<std::int64_t>(number_of(value));
      return;
    case kPreparedSpace:
      prepared_[LogIndex(number_of(key))] = Bytes(value);
      return;
    case kSessionSpace: {
      wire::SessionRow row;
      CHECK(row.ParseFromArray(value.data(), static_cast<int>(value.size())), "a session row that does not parse");
      Session& session = sessions_[number_of(key)];
      session.last_active_ns = row.last_active_ns();
      session.first_incomplete = row.first_incomplete();
      for (const auto& result : row.results()) session.store(result.sequence(), result.outcome());
      return;
    }
    default: CHECK(false, "a state row of unknown kind ", space);
  }
}

void ReplicatedState::flush(sql::StateWriter& writer) {
  if (dirty_time_) writer.put(kClockSpace, "now", key_of(static_cast<std::uint64_t>(entry_time_ns_)));
  wire::SessionRow row;
  for (const std::uint64_t id : dirty_sessions_) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) {
      writer.erase(kSessionSpace, key_of(id));
      continue;
    }
    row.Clear();
    row.set_last_active_ns(found->second.last_active_ns);
    row.set_first_incomplete(found->second.first_incomplete);
    for (const auto& [sequence, outcome] : found->second.outcomes) {
      auto& result = *row.add_results();
      result.set_sequence(sequence);
      result.set_outcome(outcome);
    }
    writer.put(kSessionSpace, key_of(id), row.SerializeAsString());
  }
  for (const LogIndex transaction : dirty_prepared_) {
    const auto found = prepared_.find(transaction);
    if (found == prepared_.end()) {
      writer.erase(kPreparedSpace, key_of(transaction.value()));
    } else {
      writer.put(kPreparedSpace, key_of(transaction.value()), found->second);
    }
  }
  dirty_time_ = false;
  dirty_sessions_.clear();
  dirty_prepared_.clear();
}

}  // namespace lockstep::replica
