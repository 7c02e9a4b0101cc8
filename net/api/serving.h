// What holds for every protocol: how long an answer is waited for, whether this node serves, and whether a
// write may have been executed.
#pragma once

#include "base/time.h"
#include "core/proto/client.pb.h"

namespace lockstep::api {

// Whether a write that is sent to the cluster through what this node knows can be committed: it leads and may
// serve, or it knows who leads. `reply`: to a status request. A standalone node is its own leader.
inline bool can_commit(const wire::Reply& reply) {
  if (reply.status() != wire::DONE) return false;
  const wire::StatusReply& status = reply.node_status();
  return status.leader() == status.node() ? status.can_serve() : status.leader() != 0;
}

// How long the answer to `request` is waited for where that is `usual`: a write that asks for a pause is not
// given up for pausing.
inline Duration patience_with(const wire::Request& request, Duration usual) {
  return usual + std::chrono::milliseconds(request.write().pause_before_commit_ms());
}

// Whether a write with this end may have been executed, or may yet be.
inline bool leaves_a_write_open(wire::ReplyStatus status) {
  return (status >= 20 && status < 30) || status == wire::STOPPED;
}

}  // namespace lockstep::api
