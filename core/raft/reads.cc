// A read takes the commit index when it arrives and is granted by a round of confirmations that started after that.
#include "core/raft/reads.h"

#include <algorithm>
#include <utility>

#include "core/raft/replication.h"

namespace lockstep::raft {
namespace {

std::uint64_t confirmed_round(const State& state, const Leader& leader) {
  return reached_by_quorum(state, leader, leader.round, [](const Progress& peer) { return peer.counted_round(); });
}

bool has_committed_in_term(const State& state, const Leader& leader) { return state.commit >= leader.term_start; }

void grant(Step& step, const LeaderRead& read) {
  if (read.from.is_none())
    step.effects.reads_ready.push_back({ReadId(read.name), read.index});
  else
    step.send(read.from, ReadIndexResponse{.context = read.name, .granted = true, .index = read.index});
}

void refuse(Step& step, const LeaderRead& read) {
  if (read.from.is_none())
    step.reject(ReadId(read.name), Rejection::kLeadershipLost);
  else
    step.send(read.from, ReadIndexResponse{.context = read.name, .granted = false});
}

void start_round(Step& step, Leader& leader) {
  ++leader.round;
  for (Progress& peer : leader.peers) send_heartbeat(step, leader, peer);
}

void grant_confirmed(Step& step, Leader& leader) {
  const std::uint64_t confirmed = confirmed_round(step.state, leader);
  std::size_t granted = 0;
  for (; granted < leader.reads.size() && leader.reads[granted].round <= confirmed; ++granted)
    grant(step, leader.reads[granted]);
  leader.reads.erase(leader.reads.begin(), leader.reads.begin() + static_cast<std::ptrdiff_t>(granted));
}

// One round is in flight at most. A read that arrives during it waits for the next, because an answer to the current
// one may have been given before the read arrived.
void add_read(Step& step, Leader& leader, LeaderRead read) {
  State& state = step.state;
  // Until then the leader does not know how far the log was committed before it (thesis §6.4, step 1).
  if (!has_committed_in_term(state, leader)) {
    leader.held.push_back(read);
    return;
  }
  read.index = state.commit;
  read.round = leader.round + 1;
  leader.reads.push_back(read);
  confirm_reads(step, leader);
}

void forward_read(Step& step, Follower& follower, ReadId id) {
  State& state = step.state;
  const std::uint64_t context = ++state.last_context;
  follower.reads.push_back({id, context, step.now + state.config.election_timeout});
  step.send(follower.leader, ReadIndexRequest{.context = context});
}

}  // namespace

void on_input(Step& step, const ReadRequest& request) {
  State& state = step.state;
  if (auto* leader = std::get_if<Leader>(&state.role)) {
    return add_read(step, *leader, {.name = request.id.value()});
  }
  auto* follower = std::get_if<Follower>(&state.role);
  if (!follower || follower->leader.is_none()) return step.reject(request.id, Rejection::kNoLeader);
  forward_read(step, *follower, request.id);
}

void on_message(Step& step, const Message& message, const ReadIndexRequest& request) {
  const LeaderRead read{.from = message.from, .name = request.context};
  auto* leader = std::get_if<Leader>(&step.state.role);
  leader ? add_read(step, *leader, read) : refuse(step, read);
}

void on_message(Step& step, const Message&, const ReadIndexResponse& response) {
  auto* follower = std::get_if<Follower>(&step.state.role);
  if (!follower) return;
  const auto read = std::find_if(follower->reads.begin(), follower->reads.end(),
                                 [&](const ForwardedRead& asked) { return asked.context == response.context; });
  if (read == follower->reads.end()) return;
  if (response.granted)
    step.effects.reads_ready.push_back({read->id, response.index});
  else
    step.reject(read->id, Rejection::kLeadershipLost);
  follower->reads.erase(read);
}

void release_held_reads(Step& step, Leader& leader) {
  if (leader.held.empty()) return;
  const std::vector<LeaderRead> held = std::exchange(leader.held, {});
  for (const LeaderRead& read : held) add_read(step, leader, read);
}

void confirm_reads(Step& step, Leader& leader) {
  if (leader.reads.empty()) return;
  grant_confirmed(step, leader);
  if (leader.reads.empty() || confirmed_round(step.state, leader) < leader.round) return;
  start_round(step, leader);
  grant_confirmed(step, leader);  // a single voter confirms itself
}

void fail_reads(Step& step) {
  if (auto* leader = std::get_if<Leader>(&step.state.role)) {
    for (const LeaderRead& read : leader->held) refuse(step, read);
    for (const LeaderRead& read : leader->reads) refuse(step, read);
    leader->held.clear();
    leader->reads.clear();
  }
  if (auto* follower = std::get_if<Follower>(&step.state.role)) {
    for (const ForwardedRead& read : follower->reads) step.reject(read.id, Rejection::kLeadershipLost);
    follower->reads.clear();
  }
}

Instant read_deadline(const State& state) {
  const auto* follower = std::get_if<Follower>(&state.role);
  return follower && !follower->reads.empty() ? follower->reads.front().deadline : kNever;
}

void on_read_deadline(Step& step) {
  auto& follower = std::get<Follower>(step.state.role);
  while (!follower.reads.empty() && follower.reads.front().deadline <= step.now) {
    step.reject(follower.reads.front().id, Rejection::kLeadershipLost);
    follower.reads.erase(follower.reads.begin());
  }
}

}  // namespace lockstep::raft
