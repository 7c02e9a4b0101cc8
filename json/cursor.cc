// Values: the text has passed the schema's patterns, so that only magnitudes can still be wrong.
#include "json/cursor.h"

#include <utility>

#include "base/text.h"

namespace lockstep::json {

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

void read(const Cursor& at, Duration& out) { read_up_to(at, kMaxDuration, out); }

void read_up_to(const Cursor& at, Duration most, Duration& out) {
  std::string_view text = at.text();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::int64_t count = take_digits(text);
  const Duration unit = unit_of(text);
  const bool too_long = count > most / unit;
  if (too_long) at.refuse(cat("a duration of at most ", to_string(most)));
  out = too_long ? most : unit * count;
  if (negative) out = -out;
}

void read(const Cursor& at, bool& out) { out = at.text() == "true"; }
void read(const Cursor& at, std::string& out) { out = at.text(); }

void read_duration(const Cursor& object, std::string_view key, Duration least, Duration& out) {
  const auto member = object.member(key);
  if (!member) return;
  Duration value = out;
  read(*member, value);
  if (value < least) return member->refuse(cat("at least ", to_string(least)));
  out = value;
}

}  // namespace lockstep::json
