// Quantities: the text has passed the schema's patterns, so that only magnitudes can still be wrong.
#include "scenarios/parse_values.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::scenarios {
namespace {

Duration unit_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Duration>, 6> kUnits{{
      {"ns", std::chrono::nanoseconds(1)},
      {"us", std::chrono::microseconds(1)},
      {"ms", std::chrono::milliseconds(1)},
      {"s", std::chrono::seconds(1)},
      {"m", std::chrono::minutes(1)},
      {"h", std::chrono::hours(1)},
  }};
  const auto found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& unit) { return unit.first == name; });
  CHECK(found != kUnits.end(), "unit ", name);
  return found->second;
}

// The digits at the front of `text`, taken off it; far above any limit of ours if there are too many of them.
std::int64_t take_digits(std::string_view& text) {
  std::int64_t value = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    value = std::min<std::int64_t>(value * 10 + (text.front() - '0'), std::int64_t{1} << 50);
    text.remove_prefix(1);
  }
  return value;
}

template <class Enum, std::size_t kCount>
void read_choice(const Cursor& at, const std::array<Enum, kCount>& choices, Enum& out) {
  for (const Enum choice : choices) {
    if (to_string(choice) == at.text()) out = choice;
  }
}

}  // namespace

std::vector<Cursor> Cursor::items() const {
  std::vector<Cursor> out;
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    out.emplace_back(node_->items[i], *problems_, pointer_to(pointer_, cat(i)));
  }
  return out;
}

void Cursor::refuse(std::string expected, std::string because) const {
  problems_->push_back(
      Problem{node_->where, pointer_, std::move(expected), describe(*node_), std::move(because)});
}

void read(const Cursor& at, Duration& out) {
  std::string_view text = at.text();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::int64_t count = take_digits(text);
  const Duration unit = unit_of(text);
  const bool too_long = count > kMaxDuration / unit;
  if (too_long) at.refuse(cat("a duration of at most ", to_string(kMaxDuration)));
  out = too_long ? kMaxDuration : unit * count;
  if (negative) out = -out;
}

void read(const Cursor& at, Probability& out) {
  const ScaledNumber millionths = scaled(at.text(), 6);
  if (!millionths.exact) return at.refuse("a probability with at most six decimals");
  out.parts_per_million = static_cast<std::uint32_t>(millionths.whole);
}

void read(const Cursor& at, Spread& out) {
  if (at.node().is(JsonKind::kString)) {
    read(at, out.median);
    out.p99 = out.median;
    return;
  }
  read_member(at, "median", out.median);
  out.p99 = 4 * out.median;
  read_member(at, "p99", out.p99);
  if (out.p99 < out.median) at.nearest("p99").refuse(cat("at least the median, ", to_string(out.median)));
}

void read(const Cursor& at, Rate& out) {
  std::string_view text = at.text();
  const std::int64_t count = take_digits(text);
  constexpr std::int64_t kMaxCount = 1'000'000;
  if (count > kMaxCount) return at.refuse(cat("a rate of at most ", kMaxCount, " in a second or minute"));
  out.count = static_cast<std::uint32_t>(count);
  out.period = unit_of(text.substr(1));
}

void read(const Cursor& at, bool& out) { out = at.text() == "true"; }
void read(const Cursor& at, std::string& out) { out = at.text(); }

void read(const Cursor& at, Target& out) {
  constexpr std::array kNamed{TargetKind::kLeader, TargetKind::kFollower, TargetKind::kOthers,
                              TargetKind::kCrashed, TargetKind::kAll};
  for (const TargetKind kind : kNamed) {
    out = Target{kind, 0};
    if (to_string(out) == at.text()) return;
  }
  std::string_view number = at.text().substr(1);
  out.kind = at.text().front() == 'n' ? TargetKind::kNode : TargetKind::kClient;
  out.number = static_cast<std::uint32_t>(std::min<std::int64_t>(take_digits(number), 1'000'000));
}

void read(const Cursor& at, Targets& out) {
  if (at.node().is(JsonKind::kString)) return read(at, out.emplace_back());
  for (const Cursor& item : at.items()) read(item, out.emplace_back());
}

void read(const Cursor& at, WriteMode& out) {
  read_choice(at, std::array{WriteMode::kQuorum, WriteMode::kStrong}, out);
}
void read(const Cursor& at, ReadLevel& out) {
  read_choice(at, std::array{ReadLevel::kLinearizable, ReadLevel::kLocal}, out);
}
void read(const Cursor& at, Heal& out) { read_choice(at, std::array{Heal::kQuorumThenAll, Heal::kAll}, out); }

void read_duration(const Cursor& object, std::string_view key, Duration least, Duration& out) {
  const auto member = object.member(key);
  if (!member) return;
  read(*member, out);
  if (out < least) member->refuse(cat("at least ", to_string(least)));
}

}  // namespace lockstep::scenarios
