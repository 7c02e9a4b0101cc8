// Ranges: numbered edges, clouds that stay, edges by hash, clouds that pass.
#include "base/field_numbers.h"

#include <charconv>

#include "base/hash.h"

namespace lockstep {
namespace {

constexpr std::uint64_t kMostNumberedEdge = 9'999;
constexpr std::uint64_t kHashedNumbers = std::uint64_t{1} << 32;
constexpr std::uint64_t kHashes = std::uint64_t{1} << 48;
constexpr std::uint64_t kPassingNumbers = std::uint64_t{1} << 52;

}  // namespace

FieldKind field_kind(NodeId number) {
  const std::uint64_t value = number.value();
  const bool is_numbered = value > kFirstFieldNumber && value <= kFirstFieldNumber + kMostNumberedEdge;
  const bool is_hashed = value >= kHashedNumbers && value < kHashedNumbers + kHashes;
  if (is_numbered || is_hashed) return FieldKind::kEdge;
  const bool stays = value >= kCloudNumber.value() && value < kHashedNumbers;
  const bool passes = value >= kPassingNumbers && value < kEndOfFieldNumbers;
  return stays || passes ? FieldKind::kCloud : FieldKind::kNobody;
}

NodeId edge_number(std::string_view name) {
  std::uint64_t number = 0;
  if (name.starts_with("e")) {
    const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
    const bool whole = error == std::errc() && end == name.data() + name.size() && name[1] != '0';
    if (whole && number > 0 && number <= kMostNumberedEdge) return NodeId(kFirstFieldNumber + number);
  }
  return NodeId(kHashedNumbers + (hash64(name) >> 16));
}

NodeId passing_cloud_number(std::uint64_t drawn) { return NodeId(kPassingNumbers + (drawn >> 12)); }

}  // namespace lockstep
