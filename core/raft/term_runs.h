// The term of every index in a range: one element per term instead of one per entry.
#pragma once

#include <optional>
#include <vector>

#include "base/ids.h"

namespace lockstep::raft {

// Terms never decrease along a log (Raft §5.3), so runs of equal terms say everything. The size is the number
// of elections in the range, which is why it may cover a log whose entries are long gone from memory.
class TermRuns {
 public:
  // Knows nothing; the first index it can be told is `from`.
  explicit TermRuns(LogIndex from) : begin_(from), end_(from) {}
  TermRuns() : TermRuns(LogIndex(1)) {}

  LogIndex begin() const { return begin_; }
  LogIndex end() const { return end_; }
  std::optional<Term> at(LogIndex index) const;

  // The highest index at or below `from` whose term is at most `term`; if no known index is, the one before
  // begin().
  LogIndex highest_with_term_at_most(LogIndex from, Term term) const;

  void extend(Term term);  // of the index end()
  void truncate_from(LogIndex index);
  void drop_before(LogIndex index);
  void prepend(const TermRuns& older);  // older.end() == begin()

 private:
  struct Run {
    LogIndex first;
    Term term;
  };
  std::size_t run_of(LogIndex index) const;

  LogIndex begin_;
  LogIndex end_;
  std::vector<Run> runs_;  // ascending in both fields; the first begins at begin_
};

}  // namespace lockstep::raft
