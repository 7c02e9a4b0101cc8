// Keeps bounds, terms and recent entries of the log in step with each other.
#include "core/raft/log.h"

#include "base/check.h"

namespace lockstep::raft {

Log::Log(const Restored& restored)
    : first_(restored.first_index),
      previous_term_(restored.previous_term),
      tail_(restored.last_index.next()) {
  CHECK(restored.last_index.next() >= first_, "first ", first_, " last ", restored.last_index);
  const bool is_empty = restored.last_index < first_;
  terms_ = TermRuns(is_empty ? first_ : restored.last_index);
  if (!is_empty) terms_.extend(restored.last_term);
}

Term Log::last_term() const {
  const std::optional<Term> term = term_at(last());
  CHECK(term, "the term at the end of the log is always known");
  return *term;
}

std::optional<Term> Log::term_at(LogIndex index) const {
  if (index == first_.prev()) return previous_term_;
  return terms_.at(index);
}

LogIndex Log::highest_with_term_at_most(LogIndex from, Term term, LogIndex floor) const {
  if (from < terms_.begin()) return std::max(from, floor);
  return std::max(terms_.highest_with_term_at_most(from, term), floor);
}

bool Log::is_covered_by(LogIndex index, Term term) const {
  return term != last_term() ? term > last_term() : index >= last();
}

void Log::append(const Entry& entry) {
  CHECK(entry.index == end(), "index ", entry.index, " end ", end());
  terms_.extend(entry.term);
  tail_.push(entry);
}

void Log::truncate_from(LogIndex index) {
  terms_.truncate_from(index);
  tail_.truncate_from(index);
}

void Log::drop_before(LogIndex first, Term previous_term) {
  CHECK(first <= end(), "drop before ", first, " end ", end());
  if (first <= first_) return;
  first_ = first;
  previous_term_ = previous_term;
  terms_.drop_before(first);
  tail_.drop_before(first);
}

}  // namespace lockstep::raft
