// The codec of segments and groups, and the reasoning about a bad end.
#include "storage/kv/segment.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"
#include "storage/kv/record.h"

namespace lockstep::kv {
namespace {

constexpr std::uint64_t kMagic = 0x31'56'4b'4c'53'4b'43'4cull;  // "LCKSLKV1"
constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kSuffix = ".seg";
constexpr std::size_t kSectorBytes = 512;  // the smallest unit that devices keep or lose as a whole

std::uint32_t load_u32(BytesView bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
  return value;
}

std::uint64_t load_u64(BytesView bytes, std::size_t at) {
  return load_u32(bytes, at) | std::uint64_t{load_u32(bytes, at + 4)} << 32;
}

void store_u32(char* to, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) to[i] = static_cast<char>(value >> (8 * i));
}

void store_u64(char* to, std::uint64_t value) {
  store_u32(to, static_cast<std::uint32_t>(value));
  store_u32(to + 4, static_cast<std::uint32_t>(value >> 32));
}

std::uint32_t header_checksum(BytesView header, GroupPlace place) {
  char seed[12];
  store_u32(seed, place.segment);
  store_u64(seed + 4, place.offset);
  return crc32c(header.substr(4, kGroupHeaderBytes - 4), crc32c(BytesView(seed, sizeof seed)));
}

// A write that was cut leaves, in each sector of its range, new bytes, or zeros, or new bytes on one side and
// zeros on the other. So a range whose sectors all begin and end with other bytes than zero was written
// completely.
bool may_be_cut(BytesView range, std::uint64_t offset) {
  if (range.front() == 0 || range.back() == 0) return true;
  for (std::uint64_t sector = (offset / kSectorBytes + 1) * kSectorBytes; sector < offset + range.size();
       sector += kSectorBytes) {
    const std::size_t at = sector - offset;
    if (range[at - 1] == 0 || range[at] == 0) return true;
  }
  return false;
}

}  // namespace

Bytes encode_segment_header(const SegmentHeader& header) {
  Bytes body;
  ByteWriter(body)
      .u32(kVersion)
      .u64(kMagic)
      .u32(header.id)
      .u32(header.oldest)
      .u64(header.first_sequence)
      .u64(header.ids_reserved)
      .u64(header.previous_bytes)
      .u32(header.previous_chain);
  Bytes bytes;
  ByteWriter(bytes).u32(crc32c(body)).raw(body);
  CHECK(bytes.size() == kSegmentHeaderBytes);
  return bytes;
}

Result<SegmentHeader> decode_segment_header(BytesView bytes, std::uint32_t id, std::uint32_t* chain) {
  if (bytes.size() < kSegmentHeaderBytes || load_u64(bytes, 8) != kMagic ||
      load_u32(bytes, 0) != crc32c(bytes.substr(4, kSegmentHeaderBytes - 4)))
    return fail(ErrorCode::kCorrupt, cat("expected a segment header at offset 0 of ", segment_name(id)));
  ByteReader reader(bytes.substr(0, kSegmentHeaderBytes));
  *chain = *reader.u32();
  const auto version = *reader.u32();
  if (version != kVersion)
    return fail(ErrorCode::kRefused,
                cat("expected segment version ", kVersion, " in ", segment_name(id), ", found ", version));
  (void)*reader.u64();
  SegmentHeader header;
  header.id = *reader.u32();
  header.oldest = *reader.u32();
  header.first_sequence = *reader.u64();
  header.ids_reserved = *reader.u64();
  header.previous_bytes = *reader.u64();
  header.previous_chain = *reader.u32();
  if (header.id != id)
    return fail(ErrorCode::kCorrupt, cat("the segment in ", segment_name(id), " calls itself ", header.id));
  return header;
}

std::string segment_name(std::uint32_t id) {
  const std::string hex = hex16(id);
  return hex.substr(hex.size() - 8) + std::string(kSuffix);
}

std::optional<std::uint32_t> segment_id(std::string_view name) {
  std::uint32_t id = 0;
  const char* digits_end = name.data() + std::min<std::size_t>(name.size(), 8);
  const auto parsed = std::from_chars(name.data(), digits_end, id, 16);
  if (parsed.ec != std::errc() || parsed.ptr != digits_end || segment_name(id) != name) return std::nullopt;
  return id;
}

std::uint32_t seal_group(Bytes& group, GroupPlace place, std::uint64_t sequence, std::uint32_t previous) {
  const BytesView payload = BytesView(group).substr(kGroupHeaderBytes);
  CHECK(!payload.empty() && payload.size() <= kMaxGroupBytes, "payload of ", payload.size(), " bytes");
  char* header = group.data();
  store_u32(header + 4, crc32c(payload));
  store_u32(header + 8, static_cast<std::uint32_t>(payload.size()));
  store_u64(header + 12, sequence);
  store_u32(header + 20, previous);
  const std::uint32_t checksum = header_checksum(BytesView(group).substr(0, kGroupHeaderBytes), place);
  store_u32(header, checksum);
  return checksum;
}

std::optional<GroupHeader> read_group_header(BytesView bytes, GroupPlace place) {
  if (bytes.size() < kGroupHeaderBytes) return std::nullopt;
  GroupHeader header;
  header.checksum = load_u32(bytes, 0);
  header.payload_checksum = load_u32(bytes, 4);
  header.payload_bytes = load_u32(bytes, 8);
  header.sequence = load_u64(bytes, 12);
  header.previous = load_u32(bytes, 20);
  if (header.payload_bytes == 0 || header.payload_bytes > kMaxGroupBytes ||
      header.checksum != header_checksum(bytes.substr(0, kGroupHeaderBytes), place))
    return std::nullopt;
  return header;
}

bool payload_is_intact(const GroupHeader& header, BytesView payload) {
  return payload.size() == header.payload_bytes && crc32c(payload) == header.payload_checksum;
}

std::optional<std::uint64_t> find_group(BytesView rest, GroupPlace place) {
  for (std::size_t at = 0; at + kGroupHeaderBytes < rest.size(); ++at) {
    // Spares the checksum at nearly every offset.
    const std::uint32_t payload_bytes = load_u32(rest, at + 8);
    if (payload_bytes == 0 || payload_bytes > rest.size() - at - kGroupHeaderBytes) continue;
    const auto header = read_group_header(rest.substr(at), {place.segment, place.offset + at});
    if (header && payload_is_intact(*header, rest.substr(at + kGroupHeaderBytes, header->payload_bytes)))
      return place.offset + at;
  }
  return std::nullopt;
}

Tail judge_tail(BytesView rest, GroupPlace place) {
  const std::size_t used = rest.find_last_not_of('\0') + 1;
  if (used == 0) return {TailVerdict::kNothing, 0, {}};
  if (const auto later = find_group(rest.substr(0, used), place))
    return {TailVerdict::kDamaged, used, cat("an intact group follows at offset ", *later)};
  std::size_t end = used;
  if (const auto header = read_group_header(rest, place)) {
    end = kGroupHeaderBytes + header->payload_bytes;
    if (end > rest.size()) return {TailVerdict::kCut, used, {}};
  } else if (used <= kGroupHeaderBytes || rest[used - 1] != static_cast<char>(RecordKind::kEnd)) {
    return {TailVerdict::kCut, used, {}};
  }
  if (may_be_cut(rest.substr(0, end), place.offset)) return {TailVerdict::kCut, used, {}};
  return {TailVerdict::kDamaged, used, "the group is complete, as no interrupted write leaves it"};
}

}  // namespace lockstep::kv
