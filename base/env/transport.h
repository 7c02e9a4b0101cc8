// Port: frames to other processes, with no promise of arrival.
#pragma once

#include "base/bytes.h"
#include "base/frame.h"
#include "base/ids.h"

namespace lockstep::env {

class Transport {
 public:
  virtual ~Transport() = default;
  // May lose, delay, duplicate or reorder; never corrupts unseen (a damaged frame is dropped by the
  // receiving host); never calls back synchronously. The payload is copied.
  virtual void send(NodeId to, Channel channel, BytesView payload) = 0;
  // No more frames will be sent to this process soon: its connection and queue may be dropped.
  virtual void forget(NodeId peer) = 0;
};

}  // namespace lockstep::env
