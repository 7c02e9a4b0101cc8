// Raft messages as Protobuf bytes and back; what a peer sends is checked before consensus sees it.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "core/proto/raft.pb.h"
#include "core/raft/types.h"
#include "core/replica/digest_watch.h"

namespace lockstep::replica {

struct PeerMessage {
  GroupId group;
  raft::Message message;
  std::vector<DigestReport> digests;
};

// Keeps its buffer between calls. An arena for the Protobuf object costs small messages more than it saves.
class RaftWire {
 public:
  // Valid until the next call.
  BytesView encode(GroupId group, const raft::Message& message, std::span<const DigestReport> digests);

  // `from` and `to` come from the frame. kCorrupt if the payload is not a RaftMessage with a body and known kinds.
  Result<PeerMessage> decode(NodeId from, NodeId to, BytesView payload);

 private:
  wire::RaftMessage message_;
  Bytes bytes_;
};

}  // namespace lockstep::replica
