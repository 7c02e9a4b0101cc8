// Times as differences of differences, values as what changed in their bits (Pelkonen et al., "Gorilla: A
// Fast, Scalable, In-Memory Time Series Database", VLDB 2015, section 4.1; times are bytes here and not
// bits).
//
// A block has one encoding: what pack() would not write is refused. So two blocks are equal if their points
// are.
#include "storage/series/block.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "storage/series/bits.h"

namespace lockstep::series {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr unsigned kMostLeading = 31;  // five bits hold it

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

// Small numbers of either sign become small numbers.
std::uint64_t zigzag(std::uint64_t value) { return value << 1 ^ (value >> 63 != 0 ? ~std::uint64_t{0} : 0); }
std::uint64_t zagzig(std::uint64_t value) { return value >> 1 ^ ((value & 1) != 0 ? ~std::uint64_t{0} : 0); }

// Adding up is in the order of the points; of equal extremes (0 and -0) the first stays.
class Summing {
 public:
  explicit Summing(const Point& first)
      : summary_{.count = 1,
                 .first_ns = first.time_ns,
                 .last_ns = first.time_ns,
                 .least = first.value,
                 .greatest = first.value,
                 .sum = first.value} {}
  void add(const Point& point) {
    ++summary_.count;
    summary_.last_ns = point.time_ns;
    if (point.value < summary_.least) summary_.least = point.value;
    if (point.value > summary_.greatest) summary_.greatest = point.value;
    summary_.sum += point.value;
  }
  const Summary& result() const { return summary_; }

 private:
  Summary summary_;
};

Summary summary_of(std::span<const Point> points) {
  Summing summing(points.front());
  for (const Point& point : points.subspan(1)) summing.add(point);
  return summing.result();
}

bool same_bits(const Summary& a, const Summary& b) {
  return a.count == b.count && a.first_ns == b.first_ns && a.last_ns == b.last_ns &&
         bits_of(a.least) == bits_of(b.least) && bits_of(a.greatest) == bits_of(b.greatest) &&
         bits_of(a.sum) == bits_of(b.sum);
}

std::unexpected<Error> damaged(std::string sentence) {
  return fail(ErrorCode::kCorrupt, "a block of a series: " + std::move(sentence));
}

// The part of 64 bits in which two values differ.
struct Window {
  unsigned leading;
  unsigned length;  // 1 to 64

  static Window of(std::uint64_t change) {
    const unsigned leading = std::min(static_cast<unsigned>(std::countl_zero(change)), kMostLeading);
    return {leading, 64 - leading - static_cast<unsigned>(std::countr_zero(change))};
  }
  unsigned trailing() const { return 64 - leading - length; }
  bool holds(std::uint64_t change) const {
    return static_cast<unsigned>(std::countl_zero(change)) >= leading &&
           static_cast<unsigned>(std::countr_zero(change)) >= trailing();
  }
  bool operator==(const Window&) const = default;
};

void put_values(std::span<const Point> points, Bytes& out) {
  BitWriter writer(out);
  std::uint64_t before = bits_of(points.front().value);
  writer.put(before, 64);
  std::optional<Window> window;
  for (const Point& point : points.subspan(1)) {
    const std::uint64_t bits = bits_of(point.value);
    const std::uint64_t change = bits ^ before;
    before = bits;
    if (change == 0) {
      writer.put(0b0, 1);
      continue;
    }
    if (window && window->holds(change)) {
      writer.put(0b10, 2);
    } else {
      window = Window::of(change);
      writer.put(0b11, 2);
      writer.put(window->leading, 5);
      writer.put(window->length - 1, 6);
    }
    writer.put(change >> window->trailing(), window->length);
  }
  writer.finish();
}

// The next change; nothing: pack() would have written it in another way.
std::optional<std::uint64_t> take_change(BitReader& reader, std::optional<Window>& window) {
  if (reader.take(1) == 0) return 0;
  const bool is_new = reader.take(1) != 0;
  const std::optional<Window> before = window;
  if (is_new) {
    const auto leading = static_cast<unsigned>(reader.take(5));
    window = Window{leading, static_cast<unsigned>(reader.take(6)) + 1};
    if (window->leading + window->length > 64) return std::nullopt;
  }
  if (!window) return std::nullopt;
  const std::uint64_t change = reader.take(window->length) << window->trailing();
  if (change == 0) return std::nullopt;
  if (is_new && (*window != Window::of(change) || (before && before->holds(change)))) return std::nullopt;
  return change;
}

Status take_values(BytesView bytes, std::vector<Point>& points) {
  BitReader reader(bytes);
  std::uint64_t bits = reader.take(64);
  std::optional<Window> window;
  for (std::size_t at = 0; at < points.size(); ++at) {
    if (at > 0) {
      const std::optional<std::uint64_t> change = take_change(reader, window);
      if (!change) return damaged(cat("value ", at, " is not written as it is by pack"));
      bits ^= *change;
    }
    points[at].value = std::bit_cast<double>(bits);
    if (reader.overrun()) return damaged(cat("it ends within value ", at, " of ", points.size()));
    if (!std::isfinite(points[at].value)) return damaged(cat("value ", at, " is not finite"));
  }
  if (!reader.at_end()) return damaged("there is more behind the last value");
  return {};
}

void put_times(std::span<const Point> points, ByteWriter& writer) {
  std::uint64_t step_before = 0;
  for (std::size_t at = 1; at < points.size(); ++at) {
    const std::uint64_t step =
        static_cast<std::uint64_t>(points[at].time_ns) - static_cast<std::uint64_t>(points[at - 1].time_ns);
    writer.varint(zigzag(step - step_before));
    step_before = step;
  }
}

// A varint without zeros at its end: only one for each number.
Result<std::uint64_t> take_varint(ByteReader& reader, BytesView block) {
  const std::size_t begin = reader.offset();
  const auto value = reader.varint();
  if (!value) return damaged(value.error().message);
  if (reader.offset() > begin + 1 && block[reader.offset() - 1] == 0)
    return damaged(cat("a number ends with a zero byte at offset ", reader.offset() - 1));
  return *value;
}

Status take_times(ByteReader& reader, BytesView block, const Summary& head, std::vector<Point>& points) {
  const auto first = static_cast<std::uint64_t>(head.first_ns);
  const std::uint64_t span = static_cast<std::uint64_t>(head.last_ns) - first;
  std::uint64_t passed = 0;
  std::uint64_t step = 0;
  for (std::size_t at = 0; at < points.size(); ++at) {
    if (at > 0) {
      LOCKSTEP_TRY(change, take_varint(reader, block));
      step += zagzig(change);
      if (step > span - passed)
        return damaged(cat("time ", at, " is before the one before it or beyond the last"));
      passed += step;
    }
    points[at].time_ns = static_cast<std::int64_t>(first + passed);
  }
  return {};
}

// Returns where the times begin.
Result<std::size_t> take_head(BytesView block, Summary& head) {
  ByteReader reader(block);
  const auto format = reader.u8();
  if (!format) return damaged("it is empty");
  if (*format != kFormat) return damaged(cat("expected format ", int{kFormat}, ", found ", int{*format}));
  LOCKSTEP_TRY(count, take_varint(reader, block));
  if (count == 0 || count > kMostPoints)
    return damaged(cat("expected 1 to ", kMostPoints, " points, found ", count));
  LOCKSTEP_TRY(first, take_varint(reader, block));
  LOCKSTEP_TRY(span, take_varint(reader, block));
  head.count = static_cast<std::uint32_t>(count);
  head.first_ns = static_cast<std::int64_t>(zagzig(first));
  head.last_ns = static_cast<std::int64_t>(zagzig(first) + span);
  if (head.last_ns < head.first_ns) return damaged("the last time is beyond all times");
  for (double* number : {&head.least, &head.greatest, &head.sum}) {
    const auto bits = reader.u64();
    if (!bits) return damaged("it ends within its head");
    *number = std::bit_cast<double>(*bits);
  }
  const bool in_order = std::isfinite(head.least) && std::isfinite(head.greatest) &&
                        head.least <= head.greatest && !std::isnan(head.sum);
  if (!in_order) return damaged("least, greatest and sum are not those of any points");
  // A byte for each time and a bit for each value, at least.
  if (reader.remaining() < (count - 1) + 8 + (count - 1 + 7) / 8)
    return damaged(cat("it is too short for ", count, " points"));
  return reader.offset();
}

}  // namespace

Bytes pack(std::span<const Point> points) {
  CHECK(!points.empty() && points.size() <= kMostPoints, points.size(), " points in a block");
  for (std::size_t at = 0; at < points.size(); ++at) {
    CHECK(std::isfinite(points[at].value), "value ", at, " of a block is not finite");
    CHECK(at == 0 || points[at - 1].time_ns <= points[at].time_ns, "time ", at,
          " of a block is before the one before");
  }
  const Summary head = summary_of(points);
  Bytes out;
  out.reserve(64 + points.size() * 11);
  ByteWriter writer(out);
  writer.u8(kFormat).varint(head.count).varint(zigzag(static_cast<std::uint64_t>(head.first_ns)));
  writer.varint(static_cast<std::uint64_t>(head.last_ns) - static_cast<std::uint64_t>(head.first_ns));
  writer.u64(bits_of(head.least)).u64(bits_of(head.greatest)).u64(bits_of(head.sum));
  put_times(points, writer);
  put_values(points, out);
  return out;
}

Result<Summary> summary(BytesView block) {
  Summary head;
  LOCKSTEP_TRY(offset, take_head(block, head));
  (void)offset;
  return head;
}

Result<std::vector<Point>> unpack(BytesView block) {
  Summary head;
  LOCKSTEP_TRY(offset, take_head(block, head));
  std::vector<Point> points(head.count);
  ByteReader reader(block);
  CHECK(reader.raw(offset), "the head is in the block");
  LOCKSTEP_TRY_STATUS(take_times(reader, block, head, points));
  LOCKSTEP_TRY_STATUS(take_values(block.substr(reader.offset()), points));
  if (!same_bits(head, summary_of(points))) return damaged("its head does not say what it holds");
  return points;
}

}  // namespace lockstep::series
