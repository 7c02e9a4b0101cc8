// Sessions and prepared transactions in memory, and their rows.
#include "core/replica/replicated_state.h"

#include <algorithm>

#include "base/check.h"
#include "base/result.h"

namespace lockstep::replica {
namespace {

// Kinds of rows; on disk.
constexpr std::uint32_t kClockSpace = 1;
constexpr std::uint32_t kSessionSpace = 2;
constexpr std::uint32_t kPreparedSpace = 3;
constexpr std::uint32_t kAnswerSpace = 4;

// Sequences to a block; on disk. A row of small answers then fits into a page of SQLite's, with its neighbours.
constexpr std::uint64_t kBlockSequences = 16;

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

Bytes key_of(std::uint64_t first, std::uint64_t second) {
  Bytes key;
  ByteWriter(key).ordered_u64(first).ordered_u64(second);
  return key;
}

// Of our own rows, in a file whose pages SQLite could read.
template <class T>
T readable(const Result<T>& field) {
  CHECK(field.has_value(), "a state row that does not parse");
  return *field;
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
    if (expired) drop_blocks(item.first, item.second);
    return expired;
  });
  sessions_[session].last_active_ns = entry_time_ns_;
  dirty_sessions_.insert(session);
}

bool ReplicatedState::close_session(std::uint64_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return false;
  drop_blocks(session, found->second);
  sessions_.erase(found);
  return true;
}

// The session goes, and its rows with it.
void ReplicatedState::drop_blocks(std::uint64_t id, const Session& session) {
  dirty_sessions_.insert(id);
  for (const std::uint64_t block : session.blocks) dirty_blocks_.insert({id, block});
}

// A block goes when all its sequences are forgotten. Until then its row may hold answers that are not kept any more:
// the session's first_incomplete tells.
void ReplicatedState::forget_below(std::uint64_t id, Session& session, std::uint64_t sequence) {
  session.forget_below(sequence);
  std::set<std::uint64_t>& blocks = session.blocks;
  while (!blocks.empty() && *blocks.begin() < session.first_incomplete / kBlockSequences) {
    dirty_blocks_.insert({id, *blocks.begin()});
    blocks.erase(blocks.begin());
  }
}

ReplicatedState::Admission ReplicatedState::admit(std::uint64_t session, std::uint64_t sequence,
                                                  std::uint64_t first_incomplete) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return {Admission::Verdict::kSessionUnknown};
  Session& state = found->second;
  state.last_active_ns = entry_time_ns_;
  forget_below(session, state, first_incomplete);
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
    forget_below(session, state, state.outcomes.begin()->first + 1);
  const std::uint64_t block = sequence / kBlockSequences;
  state.blocks.insert(block);
  dirty_blocks_.insert({session, block});
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
  dirty_blocks_.clear();
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
      ByteReader reader(value);
      Session& session = sessions_[number_of(key)];
      session.last_active_ns = static_cast<std::int64_t>(readable(reader.u64()));
      session.first_incomplete = readable(reader.varint());
      return;
    }
    case kAnswerSpace: load_answers(key, value); return;
    default: CHECK(false, "a state row of unknown kind ", space);
  }
}

// After the rows of all sessions: their space comes first.
void ReplicatedState::load_answers(BytesView key, BytesView value) {
  ByteReader name(key);
  const auto found = sessions_.find(readable(name.ordered_u64()));
  CHECK(found != sessions_.end(), "answers of a session without a row");
  Session& session = found->second;
  session.blocks.insert(readable(name.ordered_u64()));
  for (ByteReader reader(value); !reader.at_end();) {
    const std::uint64_t sequence = readable(reader.varint());
    const BytesView outcome = readable(reader.sized());
    if (sequence >= session.first_incomplete) session.store(sequence, Bytes(outcome));
  }
}

void ReplicatedState::flush_sessions(sql::StateWriter& writer) {
  Bytes value;
  for (const std::uint64_t id : dirty_sessions_) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) {
      writer.erase(kSessionSpace, key_of(id));
      continue;
    }
    value.clear();
    ByteWriter(value)
        .u64(static_cast<std::uint64_t>(found->second.last_active_ns))
        .varint(found->second.first_incomplete);
    writer.put(kSessionSpace, key_of(id), value);
  }
  dirty_sessions_.clear();
}

void ReplicatedState::flush_answers(sql::StateWriter& writer) {
  Bytes value;
  for (const auto& [id, block] : dirty_blocks_) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end() || !found->second.blocks.contains(block)) {
      writer.erase(kAnswerSpace, key_of(id, block));
      continue;
    }
    value.clear();
    ByteWriter out(value);
    const auto& outcomes = found->second.outcomes;
    for (auto at = outcomes.lower_bound(block * kBlockSequences);
         at != outcomes.end() && at->first / kBlockSequences == block; ++at)
      out.varint(at->first).sized(at->second);
    writer.put(kAnswerSpace, key_of(id, block), value);
  }
  dirty_blocks_.clear();
}

void ReplicatedState::flush(sql::StateWriter& writer) {
  if (dirty_time_) writer.put(kClockSpace, "now", key_of(static_cast<std::uint64_t>(entry_time_ns_)));
  flush_sessions(writer);
  for (const LogIndex transaction : dirty_prepared_) {
    const auto found = prepared_.find(transaction);
    if (found == prepared_.end()) {
      writer.erase(kPreparedSpace, key_of(transaction.value()));
    } else {
      writer.put(kPreparedSpace, key_of(transaction.value()), found->second);
    }
  }
  flush_answers(writer);
  dirty_time_ = false;
  dirty_prepared_.clear();
}

}  // namespace lockstep::replica
