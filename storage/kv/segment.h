// Segments and groups as bytes: headers, checksums, and the verdict about what lies behind the last good
// group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace lockstep::kv {

inline constexpr std::size_t kSegmentHeaderBytes = 52;
inline constexpr std::size_t kGroupHeaderBytes = 24;
// Offsets inside a segment must fit 32 bits: a segment is closed at kMaxSegmentBytes at the latest, plus one
// group.
inline constexpr std::size_t kMaxSegmentBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMaxGroupBytes = std::size_t{1} << 30;

// What a segment knows of the log before it. The segments of a store have consecutive ids, so this is a
// chain.
struct SegmentHeader {
  std::uint32_t id = 0;
  std::uint32_t oldest = 0;          // the first segment that still counted
  std::uint64_t first_sequence = 0;  // of the first group here
  std::uint64_t ids_reserved = 0;    // ids below may have been given out
  std::uint64_t previous_bytes = 0;  // where the previous segment ends, 0 if there is none
  std::uint32_t previous_chain = 0;  // checksum of its last group
};

Bytes encode_segment_header(const SegmentHeader& header);
// `chain` becomes what the first group must name as its predecessor.
Result<SegmentHeader> decode_segment_header(BytesView bytes, std::uint32_t id, std::uint32_t* chain);

std::string segment_name(std::uint32_t id);
// nullopt: not the name of a segment.
std::optional<std::uint32_t> segment_id(std::string_view name);

// Where a group lies. Its header's checksum covers this too, so that a group is valid in its place only:
// copies of groups inside values, and blocks written to the wrong place, are never taken for groups.
struct GroupPlace {
  std::uint32_t segment = 0;
  std::uint64_t offset = 0;
};

struct GroupHeader {
  std::uint32_t checksum = 0;  // of the header and its place
  std::uint32_t payload_checksum = 0;
  std::uint32_t payload_bytes = 0;
  std::uint64_t sequence = 0;
  std::uint32_t previous = 0;  // checksum of the group before, or of the segment header
};

// Fills the first kGroupHeaderBytes of `group`, whose payload is complete; returns the checksum.
std::uint32_t seal_group(Bytes& group, GroupPlace place, std::uint64_t sequence, std::uint32_t previous);
// nullopt: no group header of this place.
std::optional<GroupHeader> read_group_header(BytesView bytes, GroupPlace place);
bool payload_is_intact(const GroupHeader& header, BytesView payload);

enum class TailVerdict {
  kNothing,  // only zeros: space that was made ready and not used yet
  kCut,      // an unfinished write: no sync has covered it, nothing of it was acknowledged
  kDamaged,  // what lies here was durable once
};

struct Tail {
  TailVerdict verdict = TailVerdict::kNothing;
  std::size_t used_bytes = 0;  // up to the last byte that is not zero
  std::string reason;          // for kDamaged
};

// Judges `rest`, the bytes from `place` to the end of the newest segment, which do not begin with a good
// group. The rules and what they cannot tell: docs/format/kv.md, "Tail".
Tail judge_tail(BytesView rest, GroupPlace place);

// An intact group anywhere in `rest`: its offset in the segment. `place` is where `rest` begins.
std::optional<std::uint64_t> find_group(BytesView rest, GroupPlace place);

}  // namespace lockstep::kv
