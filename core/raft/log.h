// What consensus knows of its own log without reading it: bounds, terms, and the recent entries.
#pragma once

#include <algorithm>
#include <optional>

#include "core/raft/tail.h"
#include "core/raft/term_runs.h"
#include "core/raft/types.h"

namespace lockstep::raft {

// Entries are [first(), last()], empty if last() is first().prev(). What is durable is not known here.
class Log {
 public:
  explicit Log(const Restored& restored);

  LogIndex first() const { return first_; }
  LogIndex last() const { return terms_.end().prev(); }
  LogIndex end() const { return terms_.end(); }
  Term last_term() const;
  const Tail& tail() const { return tail_; }

  // None: past the end, before the beginning, or not known since the restart (see learn_terms).
  std::optional<Term> term_at(LogIndex index) const;
  // Terms are known from here on.
  LogIndex terms_from() const { return terms_.begin(); }
  // The highest index in [floor, from] whose term is at most `term`; where terms are not known, any will do.
  LogIndex highest_with_term_at_most(LogIndex from, Term term, LogIndex floor) const;
  // Whether a log that ends in (index, term) is at least as up to date as this one: compared as a pair (Raft
  // §5.4.1).
  bool is_covered_by(LogIndex index, Term term) const;

  void append(const Entry& entry);
  // The caller appends the replacement in the same step.
  void truncate_from(LogIndex index);
  void drop_before(LogIndex first, Term previous_term);
  void learn_terms(const TermRuns& older) { terms_.prepend(older); }
  void evict(std::size_t max_bytes, LogIndex durable) { tail_.evict(max_bytes, durable); }

 private:
  LogIndex first_;
  Term previous_term_;  // of the entry before first_
  TermRuns terms_;
  Tail tail_;
};

}  // namespace lockstep::raft
