// A process as both worlds host it: single-threaded reactions to frames, the alarm and finished jobs.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/env/clock.h"
#include "base/env/disk.h"
#include "base/env/lanes.h"
#include "base/env/probe.h"
#include "base/env/trace.h"
#include "base/env/transport.h"
#include "base/frame.h"
#include "base/ids.h"

namespace lockstep::env {

// Everything a process may touch of the world. The host owns the ports; they outlive the actor.
struct Env {
  NodeId self;
  Incarnation incarnation;
  std::uint64_t seed;  // already mixed with the incarnation; the only source of randomness
  Clock& clock;
  Alarm& alarm;
  Transport& transport;
  Disk& disk;
  Lanes& lanes;
  Probe& probe;
  Trace& trace;
};

// There is no stop: killing is the shutdown path. The destructor runs after a kill and must not
// use the ports. Lanes are unwound (their jobs destroyed) before the actor is destroyed.
class Actor {
 public:
  virtual ~Actor() = default;
  virtual void start() = 0;
  // `payload` is valid during the call only. Frames with a bad checksum, of another cluster or for
  // another node never get here.
  virtual void on_message(NodeId from, Channel channel, BytesView payload) = 0;
  virtual void on_alarm() = 0;
  // A client that has sent something here hears nothing any more: its connection is closed. Hosts whose
  // network has no connections never call it.
  virtual void on_client_gone(NodeId) {}
  // The actor calls job->done(), then does what follows from it.
  virtual void on_job_done(std::unique_ptr<Job> job) = 0;
  // Called after one or more of the above (or of what a probe held), when the host has nothing more to deliver at this
  // moment. What gains from company (proposals that share a sync) may wait for it; it always comes before the host
  // sleeps. A dead actor is not called.
  virtual void on_turn_end() {}
};

}  // namespace lockstep::env
