// Runs of equal terms, in order of index, without gaps.
#include "scenarios/log_terms.h"

#include <algorithm>

namespace lockstep::scenarios {

std::size_t LogTerms::run_of(LogIndex index) const {
  if (index >= runs_.back().first) return runs_.size() - 1;
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), index,
                                      [](LogIndex at, const Run& run) { return at < run.first; });
  return static_cast<std::size_t>(after - runs_.begin()) - 1;
}

Term LogTerms::at(LogIndex index) const {
  if (index > last_ || index == LogIndex()) return Term();
  return runs_[run_of(index)].term;
}

bool LogTerms::may_hold(LogIndex index, Term term) const {
  if (index > last_) return false;
  const Term own = at(index);
  return own == term || own == Term();
}

void LogTerms::extend(LogIndex last, Term term) {
  if (last <= last_) return;
  if (runs_.empty() || runs_.back().term != term) runs_.push_back({last_.next(), term});
  last_ = last;
}

void LogTerms::put_unusual(LogIndex index, Term term) {
  if (index == LogIndex()) return;
  if (index <= last_) {
    if (at(index) == term) return;
    cut(index);
  }
  extend(index.prev(), Term());
  extend(index, term);
}

void LogTerms::cut(LogIndex from) {
  if (from > last_) return;
  last_ = from == LogIndex() ? LogIndex() : from.prev();
  while (!runs_.empty() && runs_.back().first > last_) runs_.pop_back();
}

void LogTerms::recover(LogIndex last, Term term, const LogTerms& committed) {
  cut(last.next());
  if (last_term() != term) cut(common_end(*this, committed).next());
  extend(last, Term());
}

LogIndex common_end(const LogTerms& a, const LogTerms& b) {
  LogIndex index = std::min(a.last_, b.last_);
  while (index != LogIndex()) {
    const LogTerms::Run& run_a = a.runs_[a.run_of(index)];
    const LogTerms::Run& run_b = b.runs_[b.run_of(index)];
    if (run_a.term == run_b.term && run_a.term != Term()) return index;
    index = std::max(run_a.first, run_b.first).prev();
  }
  return index;
}

}  // namespace lockstep::scenarios
