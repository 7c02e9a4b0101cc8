// Quantities: the text has passed the schema's patterns, so that only magnitudes can still be wrong.
#include "scenarios/parse_values.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "json/quantity.h"

namespace lockstep::scenarios {

void read(const json::Cursor& at, Probability& out) {
  const json::ScaledNumber millionths = json::scaled(at.text(), 6);
  if (!millionths.exact) return at.refuse("a probability with at most six decimals");
  out.parts_per_million = static_cast<std::uint32_t>(millionths.whole);
}

void read(const json::Cursor& at, Spread& out) {
  if (at.node().is(json::Kind::kString)) {
    read(at, out.median);
    out.p99 = out.median;
    return;
  }
  read_member(at, "median", out.median);
  out.p99 = 4 * out.median;
  read_member(at, "p99", out.p99);
  if (out.p99 < out.median) at.nearest("p99").refuse(cat("at least the median, ", to_string(out.median)));
}

void read(const json::Cursor& at, Rate& out) {
  std::string_view text = at.text();
  const std::int64_t count = json::take_digits(text);
  constexpr std::int64_t kMaxCount = 1'000'000;
  if (count > kMaxCount) return at.refuse(cat("a rate of at most ", kMaxCount, " in a second or minute"));
  out.count = static_cast<std::uint32_t>(count);
  out.period = json::unit_of(text.substr(1));
}

void read(const json::Cursor& at, Target& out) {
  constexpr std::array kNamed{TargetKind::kLeader, TargetKind::kFollower, TargetKind::kOthers,
                              TargetKind::kCrashed, TargetKind::kAll, TargetKind::kCloud};
  for (const TargetKind kind : kNamed) {
    out = Target{kind, 0};
    if (to_string(out) == at.text()) return;
  }
  std::string_view number = at.text().substr(1);
  const char kind = at.text().front();
  out.kind = kind == 'n' ? TargetKind::kNode : kind == 'e' ? TargetKind::kEdge : TargetKind::kClient;
  out.number = static_cast<std::uint32_t>(std::min<std::int64_t>(json::take_digits(number), 1'000'000));
}

void read(const json::Cursor& at, Targets& out) {
  if (at.node().is(json::Kind::kString)) return read(at, out.emplace_back());
  for (const json::Cursor& item : at.items()) read(item, out.emplace_back());
}

void read(const json::Cursor& at, System& out) {
  read_choice(at, std::array{System::kRaftSql, System::kStandaloneSql, System::kHub}, out);
}

void read(const json::Cursor& at, ReadLevel& out) {
  read_choice(at, std::array{ReadLevel::kLinearizable, ReadLevel::kLocal}, out);
}
void read(const json::Cursor& at, Heal& out) {
  read_choice(at, std::array{Heal::kQuorumThenAll, Heal::kAll}, out);
}

}  // namespace lockstep::scenarios
