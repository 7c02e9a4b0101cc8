// The terms of a log, kept as runs: by Log Matching (Raft §5.3) index and term name an entry, so this names a log.
#pragma once

#include <vector>

#include "base/ids.h"

namespace lockstep::scenarios {

class LogTerms {
 public:
  LogIndex last() const { return last_; }
  // Zero: no such entry, or a term that was never told.
  Term at(LogIndex index) const;
  Term last_term() const { return runs_.empty() ? Term() : runs_.back().term; }
  bool holds(LogIndex index, Term term) const { return index <= last_ && at(index) == term; }
  // True also where the term is not known.
  bool may_hold(LogIndex index, Term term) const;

  // At an index within the log, another term first cuts the log there; entries that were left out are unknown.
  void put(LogIndex index, Term term) {
    const bool follows = index == last_.next() && !runs_.empty() && runs_.back().term == term;
    if (follows) {
      last_ = index;
    } else {
      put_unusual(index, term);
    }
  }
  void cut(LogIndex from);
  void clear() { *this = LogTerms(); }

  // What a restart leaves: the log ends at `last`, and its node is in `term`. A crash may have come between a write
  // and its event, so what was not safe from a truncation (neither committed nor of that term) becomes unknown.
  void recover(LogIndex last, Term term, const LogTerms& committed);

 private:
  struct Run {
    LogIndex first;
    Term term;  // zero: unknown
  };
  std::size_t run_of(LogIndex index) const;
  void put_unusual(LogIndex index, Term term);
  void extend(LogIndex last, Term term);
  friend LogIndex common_end(const LogTerms& a, const LogTerms& b);

  std::vector<Run> runs_;
  LogIndex last_;
};

// The last index at which both are known to hold the same entry; zero if there is none.
LogIndex common_end(const LogTerms& a, const LogTerms& b);

}  // namespace lockstep::scenarios
