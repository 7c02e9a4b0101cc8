// Names of roles and rejections, and emptying the effects of a step.
#include "core/raft/types.h"

namespace lockstep::raft {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kFollower: return "follower";
    case Role::kPreCandidate: return "pre-candidate";
    case Role::kCandidate: return "candidate";
    case Role::kLeader: return "leader";
  }
  return "unknown role";
}

std::string_view to_string(Rejection reason) {
  switch (reason) {
    case Rejection::kNotLeader: return "not leader";
    case Rejection::kNoLeader: return "no leader";
    case Rejection::kOverloaded: return "overloaded";
    case Rejection::kLeadershipLost: return "leadership lost";
  }
  return "unknown rejection";
}

void Effects::clear() {
  role_changed.reset();
  accepted.clear();
  persist.reset();
  send_now.clear();
  send_after.clear();
  loads.clear();
  apply.clear();
  reads_ready.clear();
  rejected.clear();
  contradicted_by.reset();
  left_behind.reset();
}

}  // namespace lockstep::raft
