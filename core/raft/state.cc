// The state at start: a follower that knows no leader, with what the log held.
#include "core/raft/state.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/prng.h"

namespace lockstep::raft {
namespace {

// A forwarded read's number must not repeat, not even across restarts, or an answer that was delayed since
// the last life would confirm a new read. The seed differs between lives, so each has a range of its own.
constexpr Purpose kReadContexts{"raft.read_contexts"};

std::uint64_t first_context(const Config& config) {
  return draw(config.seed, kReadContexts, config.self.value(), 0) & ~std::uint64_t{0xfffff};
}

}  // namespace

State::State(Config given_config, const Restored& restored, Instant now)
    : config(std::move(given_config)),
      hard_state(restored.hard_state),
      log(restored),
      // The commit index is recorded only along with other writes; what was applied was committed all the
      // same.
      commit(std::max(restored.commit, restored.applied)),
      applied(restored.applied),
      durable(restored.last_index),
      given(restored.applied),
      is_fenced(commit > restored.last_index),
      fence(commit),
      started(now),
      last_context(first_context(config)) {
  CHECK(std::is_sorted(config.voters.begin(), config.voters.end()), "voters are sorted");
  CHECK(!config.voters.empty() && config.voters.size() <= 64, config.voters.size(), " voters");
  CHECK(bit_of(config.self) != 0, "node ", config.self, " is a voter");
  const LogIndex unknown = settled().next();
  recovery.is_complete = unknown >= log.terms_from();
  recovery.found = TermRuns(unknown);
  recovery.end = log.terms_from();
}

bool State::is_quorum(std::uint64_t granted) const {
  return static_cast<std::size_t>(std::popcount(granted)) >= quorum();
}

std::uint64_t State::bit_of(NodeId voter) const {
  for (std::size_t at = 0; at < config.voters.size(); ++at)
    if (config.voters[at] == voter) return std::uint64_t{1} << at;
  return 0;
}

NodeId State::leader() const {
  if (const auto* follower = std::get_if<Follower>(&role)) return follower->leader;
  return std::holds_alternative<Leader>(role) ? config.self : NodeId();
}

}  // namespace lockstep::raft
