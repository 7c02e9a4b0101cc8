// Transitions between probing and replicating, and the window of appends in flight.
#include "core/raft/progress.h"

#include <algorithm>
#include <utility>

namespace lockstep::raft {

bool Progress::can_send_entries(std::size_t max_inflight) const {
  if (is_loading_) return false;
  return mode_ == ProgressMode::kProbe ? !probe_sent_ : inflight_.size() < max_inflight;
}

bool Progress::lacks_commit(LogIndex commit) const {
  return mode_ == ProgressMode::kReplicate && inflight_.empty() && commit_sent_ < std::min(commit, match_);
}

void Progress::note_heard(const AppendResponse& response, Instant now) {
  heard_ = now;
  round_ = std::max(round_, response.round);
  // A follower that lost acknowledged entries may be behind what it once matched.
  if (response.fenced && !response.success) match_ = LogIndex();
  is_fenced_ = response.fenced;
}

bool Progress::accept(LogIndex match) {
  is_left_behind_ = false;
  const bool grew = match > match_;
  match_ = std::max(match_, match);
  if (mode_ == ProgressMode::kProbe && match_.next() >= next_) mode_ = ProgressMode::kReplicate;
  next_ = std::max(next_, match_.next());
  const auto settled = std::upper_bound(inflight_.begin(), inflight_.end(), match_);
  inflight_.erase(inflight_.begin(), settled);
  return grew;
}

bool Progress::reject(LogIndex rejected, LogIndex next, LogIndex floor) {
  const bool is_probe = mode_ == ProgressMode::kProbe;
  if (is_probe ? rejected != next_.prev() : rejected < match_) return false;
  // What it acknowledged it lacks now: its disk has not kept its word. A late answer may look the same; so the first
  // one only begins to probe, and the second one is believed.
  const bool has_lost = is_probe && rejected <= match_;
  const LogIndex kept = has_lost ? LogIndex() : match_;
  const LogIndex back = std::max({std::min(next, rejected), kept.next(), floor});
  if (is_probe && back >= next_) return false;
  match_ = kept;
  mode_ = ProgressMode::kProbe;
  probe_sent_ = false;
  inflight_.clear();
  next_ = back;
  return true;
}

bool Progress::is_found_left_behind(LogIndex rejected, LogIndex floor) {
  if (mode_ != ProgressMode::kProbe || next_ != floor || rejected != floor.prev()) return false;
  return !std::exchange(is_left_behind_, true);
}

void Progress::note_sent(const AppendRequest& request, Instant now) {
  sent_ = now;
  const LogIndex last = request.previous_index + request.entries.size();
  commit_sent_ = std::max(commit_sent_, std::min(request.commit, last));
  if (request.entries.empty()) return;
  if (mode_ == ProgressMode::kProbe) {
    probe_sent_ = true;
    return;
  }
  next_ = last.next();
  learn_term(last, request.entries.back().term);
  inflight_.push_back(last);
}

}  // namespace lockstep::raft
