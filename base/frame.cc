// Encoding and checking of frames; every field is covered by the checksum except length and checksum themselves.
#include "base/frame.h"

#include "base/check.h"
#include "base/hash.h"

namespace lockstep {
namespace {

constexpr std::size_t kCoveredFrom = 8;  // behind length and checksum

bool is_known(std::uint8_t channel) {
  return channel >= static_cast<std::uint8_t>(Channel::kRaft) &&
         channel <= static_cast<std::uint8_t>(Channel::kReply);
}

}  // namespace

void encode_frame(const FrameHeader& header, BytesView payload, Bytes& out) {
  CHECK(payload.size() <= kMaxPayloadBytes, "payload of ", payload.size(), " bytes");
  out.clear();
  out.reserve(kFrameHeaderBytes + payload.size());
  ByteWriter writer(out);
  writer.u32(static_cast<std::uint32_t>(payload.size())).u32(0);
  writer.u8(kFrameVersion).u8(static_cast<std::uint8_t>(header.channel)).u8(0).u8(0).u32(0);
  writer.u64(header.cluster.value()).u64(header.from.value()).u64(header.to.value());
  writer.raw(payload);
  Bytes checksum;
  ByteWriter(checksum).u32(crc32c(BytesView(out).substr(kCoveredFrom)));
  out.replace(4, 4, checksum);
}

Result<std::size_t> frame_size(BytesView bytes) {
  if (bytes.size() < 4) return fail(ErrorCode::kEnd, "the length field of a frame is not complete yet");
  LOCKSTEP_TRY(length, ByteReader(bytes).u32());
  if (length > kMaxPayloadBytes)
    return fail(ErrorCode::kTooLarge, cat("expected a payload of at most ", kMaxPayloadBytes,
                                          " bytes, the frame announces ", length));
  return kFrameHeaderBytes + length;
}

Result<Frame> decode_frame(BytesView bytes) {
  if (bytes.size() < kFrameHeaderBytes)
    return fail(ErrorCode::kCorrupt, cat("expected a frame header of ", kFrameHeaderBytes,
                                         " bytes, found ", bytes.size()));
  LOCKSTEP_TRY(size, frame_size(bytes));
  if (size != bytes.size())
    return fail(ErrorCode::kCorrupt, cat("expected a frame of ", size, " bytes, found ", bytes.size()));
  ByteReader reader(bytes.substr(4));
  const auto checksum = *reader.u32();
  if (checksum != crc32c(bytes.substr(kCoveredFrom)))
    return fail(ErrorCode::kCorrupt, "the checksum of the frame does not match its bytes");
  const auto version = *reader.u8();
  if (version != kFrameVersion)
    return fail(ErrorCode::kRefused, cat("expected frame version ", kFrameVersion, ", found ", version));
  const auto channel = *reader.u8();
  if (!is_known(channel)) return fail(ErrorCode::kCorrupt, cat("unknown channel ", channel));
  (void)*reader.raw(6);
  Frame frame;
  frame.header.channel = Channel{channel};
  frame.header.cluster = ClusterId(*reader.u64());
  frame.header.from = NodeId(*reader.u64());
  frame.header.to = NodeId(*reader.u64());
  frame.payload = bytes.substr(kFrameHeaderBytes);
  return frame;
}

}  // namespace lockstep
