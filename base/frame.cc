// Encoding and checking of frames; every field is covered by the checksum except length and checksum themselves.
#include "base/frame.h"

#include <array>

#include "base/check.h"
#include "base/hash.h"

namespace lockstep {
namespace {

constexpr std::size_t kChecksumAt = 4;
constexpr std::size_t kCoveredFrom = 8;  // behind length and checksum

using HeaderBytes = std::array<char, kFrameHeaderBytes>;

// Little-endian. An array instead of a ByteWriter: frames are the most frequent thing in a simulation.
template <class T>
void store(HeaderBytes& bytes, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

bool is_known(std::uint8_t channel) {
  return channel >= static_cast<std::uint8_t>(Channel::kRaft) &&
         channel <= static_cast<std::uint8_t>(Channel::kField);
}

}  // namespace

void encode_frame(const FrameHeader& header, BytesView payload, Bytes& out) {
  out.clear();
  append_frame(header, payload, out);
}

void append_frame(const FrameHeader& header, BytesView payload, Bytes& out) {
  CHECK(payload.size() <= kMaxPayloadBytes, "payload of ", payload.size(), " bytes");
  HeaderBytes bytes{};
  store(bytes, 0, static_cast<std::uint32_t>(payload.size()));
  store(bytes, kCoveredFrom, kFrameVersion);
  store(bytes, kCoveredFrom + 1, static_cast<std::uint8_t>(header.channel));
  store(bytes, 16, header.cluster.value());
  store(bytes, 24, header.from.value());
  store(bytes, 32, header.to.value());
  const BytesView covered = BytesView(bytes.data(), bytes.size()).substr(kCoveredFrom);
  store(bytes, kChecksumAt, crc32c(payload, crc32c(covered)));
  out.append(bytes.data(), bytes.size()).append(payload);
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
  ByteReader reader(bytes.substr(kChecksumAt));
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
