// What events say a member has is what it has until the next one.
#include "reports/page/members.h"

#include <algorithm>

namespace lockstep::page {
namespace {

using reports::TraceEvent;

constexpr std::uint64_t kLogLane = 0;

// "n" and its number.
bool is_member(const std::string& node) {
  return node.size() > 1 && node.front() == 'n' &&
         std::all_of(node.begin() + 1, node.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
}

}  // namespace

Members::Members(Duration end, std::size_t samples)
    : samples_(samples), stretch_(end / static_cast<std::int64_t>(samples) + Duration(1)) {}

void Members::see(const TraceEvent& event) {
  if (!is_member(event.node)) return;
  sample_until(Duration(event.time_ns));
  Member& member = members_[event.node];
  see_progress(member, event);
  see_work(member, event);
}

void Members::sample_until(Duration time) {
  while (lags_.size() < samples_ &&
         stretch_ * static_cast<std::int64_t>(lags_.size()) + stretch_ / 2 < time) {
    std::uint64_t commit = 0;
    for (const auto& [name, member] : members_) commit = std::max(commit, member.commit);
    std::vector<std::uint64_t> behind;
    for (const auto& [name, member] : members_)
      behind.push_back(commit - std::min(commit, member.applied.value_or(0)));
    std::ranges::sort(behind);
    lags_.push_back(behind.empty() ? Lag{}
                                   : Lag{.median = behind[behind.size() / 2], .worst = behind.back()});
  }
}

void Members::see_progress(Member& member, const TraceEvent& event) {
  if (event.kind == "entry_durable") member.durable = event.field("index");
  if (event.kind == "log_truncated") member.durable = event.field("from").value_or(1) - 1;
  if (event.kind == "commit_advanced") member.commit = event.field("commit").value_or(0);
  if (event.kind == "recovered") {
    member.durable = event.field("last");
    member.commit = event.field("commit").value_or(0);
    member.applied = event.field("applied");
  }
  if (event.kind != "entry_applied") return;
  member.applied = event.field("index");
  member.digest = event.field("digest");
}

void Members::see_work(Member& member, const TraceEvent& event) {
  if (event.kind == "file_synced" || event.kind == "directory_synced") {
    ++member.syncs;
    if (event.field("ok") == 0u) ++member.failed_syncs;
  }
  if (event.field("lane") != kLogLane) return;
  const Job job{event.node, event.incarnation, event.field("ordinal").value_or(0)};
  if (event.kind == "job_started") running_[job] = event.time_ns;
  if (event.kind != "job_finished") return;
  const auto started = running_.find(job);
  if (started == running_.end()) return;
  member.log_busy += Duration(event.time_ns - started->second);
  running_.erase(started);
}

}  // namespace lockstep::page
