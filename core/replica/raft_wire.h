// Raft messages as Protobuf bytes and back; what a peer sends is checked before consensus sees it.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "core/proto/raft.pb.h"
#include "core/raft/types.h"

namespace lockstep::replica {

// The digest of the sender's database, beside a message.
struct DigestReport {
  LogIndex index;
  std::uint64_t digest = 0;
  bool operator==(const DigestReport&) const = default;
};

struct PeerMessage {
  GroupId group;
  raft::Message message;
  std::optional<DigestReport> digest;
};

// Keeps the Protobuf object between calls, so that a quiet cluster allocates nothing per message.
class RaftWire {
 public:
  // Valid until the next call.
  BytesView encode(GroupId group, const raft::Message& message, const std::optional<DigestReport>& digest);

  // `from` and `to` come from the frame. kCorrupt if the payload is not a RaftMessage with a body and known kinds.
  Result<PeerMessage> decode(NodeId from, NodeId to, BytesView payload);

 private:
  wire::RaftMessage message_;
  Bytes bytes_;
};

}  // namespace lockstep::replica
