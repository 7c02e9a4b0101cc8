// The replicated state beside the user's tables: sessions with their stored answers, and undecided transactions.
//
// Exactly-once (thesis §6.3): every answer is kept from the client's first_incomplete on, because pipelined writes may
// be applied out of order after a failover. Sessions expire by entry time only, so all replicas agree.
// Lives in memory on the apply lane; what changed is written once per SQLite transaction. Answers are stored in blocks
// of neighbouring sequences: a transaction writes the few blocks it touched, however many answers a session keeps.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/ids.h"
#include "storage/sql/database.h"

namespace lockstep::replica {

class ReplicatedState : public sql::Participant {
 public:
  explicit ReplicatedState(std::int64_t session_timeout_ns) : session_timeout_ns_(session_timeout_ns) {}

  // The largest entry time applied so far; entry times never decrease along the log.
  std::int64_t entry_time_ns() const { return entry_time_ns_; }
  void advance_time(std::int64_t to_ns);

  // Opens the session named by its entry's index, and closes those that were idle for longer than the timeout.
  void open_session(std::uint64_t session);
  // False: there is no such session.
  bool close_session(std::uint64_t session);

  struct Admission {
    enum class Verdict { kExecute, kStored, kSequenceExpired, kSessionUnknown };
    Verdict verdict;
    const Bytes* stored = nullptr;  // kStored: the answer; valid until the next change
  };
  // Decides on one write of a session and forgets the answers below `first_incomplete`.
  Admission admit(std::uint64_t session, std::uint64_t sequence, std::uint64_t first_incomplete);
  // Keeps an answer. A session that never says what it has got back loses its oldest answers: they count as
  // expired, and its row stays one that SQLite can hold.
  void record(std::uint64_t session, std::uint64_t sequence, Bytes outcome);

  void prepare(LogIndex transaction, Bytes write);
  // The prepared write, removed; empty if the transaction is unknown or already decided.
  std::optional<Bytes> take_prepared(LogIndex transaction);
  std::vector<LogIndex> undecided() const;
  std::size_t session_count() const { return sessions_.size(); }

  void reset() override;
  void row(std::uint32_t space, BytesView key, BytesView value) override;
  void flush(sql::StateWriter& writer) override;

 private:
  struct Session {
    std::int64_t last_active_ns = 0;
    std::uint64_t first_incomplete = 1;
    std::map<std::uint64_t, Bytes> outcomes;  // by sequence
    std::size_t bytes = 0;                    // of the outcomes
    std::set<std::uint64_t> blocks;           // that have a row, or will at the next flush

    void store(std::uint64_t sequence, Bytes outcome);
    void forget_below(std::uint64_t sequence);
  };
  struct BlockName {
    std::uint64_t session = 0;
    std::uint64_t block = 0;
    auto operator<=>(const BlockName&) const = default;
  };

  void forget_below(std::uint64_t id, Session& session, std::uint64_t sequence);
  void drop_blocks(std::uint64_t id, const Session& session);
  void load_answers(BytesView key, BytesView value);
  void flush_sessions(sql::StateWriter& writer);
  void flush_answers(sql::StateWriter& writer);

  std::int64_t session_timeout_ns_;
  std::int64_t entry_time_ns_ = 0;
  std::map<std::uint64_t, Session> sessions_;
  std::map<LogIndex, Bytes> prepared_;

  bool dirty_time_ = false;
  std::set<std::uint64_t> dirty_sessions_;  // changed or gone
  std::set<BlockName> dirty_blocks_;        // likewise
  std::set<LogIndex> dirty_prepared_;
};

}  // namespace lockstep::replica
