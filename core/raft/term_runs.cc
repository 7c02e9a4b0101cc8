// Runs of equal terms, searched from the end, where questions are asked.
#include "core/raft/term_runs.h"

#include <algorithm>

#include "base/check.h"

namespace lockstep::raft {

std::size_t TermRuns::run_of(LogIndex index) const {
  std::size_t at = runs_.size();
  while (runs_[--at].first > index) {
  }
  return at;
}

std::optional<Term> TermRuns::at(LogIndex index) const {
  if (index < begin_ || index >= end_) return std::nullopt;
  return runs_[run_of(index)].term;
}

LogIndex TermRuns::highest_with_term_at_most(LogIndex from, Term term) const {
  LogIndex candidate = std::min(from, end_.prev());
  for (std::size_t at = runs_.size(); at-- > 0;) {
    if (runs_[at].first > candidate) continue;
    if (runs_[at].term <= term) return candidate;
    candidate = runs_[at].first.prev();
  }
  return std::min(candidate, begin_.prev());
}

void TermRuns::extend(Term term) {
  CHECK(runs_.empty() || runs_.back().term <= term, "term ", term, " at index ", end_);
  if (runs_.empty() || runs_.back().term < term) runs_.push_back({end_, term});
  end_ = end_.next();
}

void TermRuns::truncate_from(LogIndex index) {
  CHECK(index >= begin_, "truncate from ", index, ", known from ", begin_);
  while (!runs_.empty() && runs_.back().first >= index) runs_.pop_back();
  end_ = std::min(end_, index);
}

void TermRuns::drop_before(LogIndex index) {
  if (index <= begin_) return;
  if (index >= end_) {
    runs_.clear();
    end_ = index;
  } else {
    runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(run_of(index)));
    runs_.front().first = index;
  }
  begin_ = index;
}

void TermRuns::prepend(const TermRuns& older) {
  CHECK(older.end_ == begin_, "known from ", begin_, ", older terms end at ", older.end_);
  std::vector<Run> runs = older.runs_;
  for (const Run& run : runs_)
    if (runs.empty() || runs.back().term != run.term) runs.push_back(run);
  runs_ = std::move(runs);
  begin_ = older.begin_;
}

}  // namespace lockstep::raft
