// The wire frame of both worlds: a fixed header with length, CRC32C, version, cluster and sender, then the payload.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace lockstep {

// What a payload is, so that the receiver knows which decoder to use. Values are on the wire.
enum class Channel : std::uint8_t {
  kRaft = 1,     // core/proto raft.proto
  kRequest = 2,  // client to node, core/proto client.proto
  kReply = 3,    // node to client
  kHandshake = 4,  // of real connections, net/handshake.h; never reaches an actor
  kField = 5,  // between edges, hubs and the cloud, core/proto field.proto
};

struct FrameHeader {
  ClusterId cluster;
  NodeId from;
  NodeId to;
  Channel channel;
  bool operator==(const FrameHeader&) const = default;
};

struct Frame {
  FrameHeader header;
  BytesView payload;  // into the encoded bytes
};

inline constexpr std::size_t kFrameHeaderBytes = 40;
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{64} << 20;
inline constexpr std::uint8_t kFrameVersion = 1;

// Writes header and payload into `out`, replacing what was there. Layout: docs/format/frame.md.
// Payloads are at most kMaxPayloadBytes (checked).
void encode_frame(const FrameHeader& header, BytesView payload, Bytes& out);
// The same behind what `out` holds.
void append_frame(const FrameHeader& header, BytesView payload, Bytes& out);

// The whole of one frame. kCorrupt: short, wrong length, checksum or unknown channel; kRefused: another version.
Result<Frame> decode_frame(BytesView bytes);

// How long the frame that begins with these bytes is, header included; for reading from a stream.
// kEnd: fewer than four bytes so far. kTooLarge: the length field exceeds the limit.
Result<std::size_t> frame_size(BytesView bytes);

}  // namespace lockstep
