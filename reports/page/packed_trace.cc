// What is left out is chosen by kind: the rarer and the more telling, the later.
#include "reports/page/packed_trace.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace lockstep::page {
namespace {

using reports::TraceEvent;

constexpr std::uint64_t kMostExact = 1ull << 53;
constexpr std::uint64_t kMostNeighbours = 400;
constexpr std::size_t kMostTextBytes = 400;

// What goes first if a trace is too long; everything that is not named here goes last.
constexpr std::array<std::string_view, 4> kWorkOfDisks = {"job_started", "job_finished", "file_synced",
                                                          "directory_synced"};
constexpr std::array<std::string_view, 2> kFrames = {"frame_sent", "frame_delivered"};
constexpr std::array<std::string_view, 2> kRequests = {"requested", "replied"};
// Entries of the log, and readings on their way into it.
constexpr std::array<std::string_view, 10> kEntries = {
    "entry_durable", "entry_applied", "write_executed", "append_sent",        "batch_applied",
    "buffered",      "batch_sent",    "batch_settled",  "batch_acknowledged", "plant_state"};
constexpr std::size_t kRanks = 5;

std::size_t rank_of(const Kind& kind) {
  const auto is_one_of = [&kind](const auto& names) {
    return std::ranges::find(names, kind.name) != names.end();
  };
  return is_one_of(kWorkOfDisks) ? 4
         : is_one_of(kFrames)    ? 3
         : is_one_of(kRequests)  ? 2
         : is_one_of(kEntries)   ? 1
                                 : 0;
}

std::string key_of(const TraceEvent& event) {
  std::string key = event.kind;
  for (const reports::TraceField& field : event.fields) key += '\n' + field.name;
  return key;
}

// Of what belongs together all stays or nothing does: a frame is sent and arrives, a job begins and ends.
std::uint64_t group_of(const TraceEvent& event, std::uint64_t ordinal) {
  if (const auto message = event.field("message")) return *message;
  if (const auto job = event.field("ordinal")) return *job;
  return ordinal;
}

void put(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::uint64_t zigzag(std::uint64_t difference) { return (difference << 1) ^ (0 - (difference >> 63)); }

}  // namespace

void TraceSurvey::see(const TraceEvent& event) {
  const auto [found, is_new] = places_.try_emplace(key_of(event), kinds_.size());
  if (is_new) {
    Kind& kind = kinds_.emplace_back(Kind{.name = event.kind, .fields = {}, .wide = {}});
    for (const reports::TraceField& field : event.fields) kind.fields.push_back(field.name);
    kind.wide.assign(kind.fields.size(), false);
  }
  Kind& kind = kinds_[found->second];
  ++kind.total;
  ++total_;
  for (std::size_t field = 0; field < event.fields.size(); ++field)
    if (event.fields[field].value > kMostExact) kind.wide[field] = true;
}

TracePacker::TracePacker(const TraceSurvey& survey, Budget budget)
    : places_(survey.places_),
      budget_(std::move(budget)),
      neighbours_(
          std::min(kMostNeighbours, budget_.events / 2 / std::max<std::size_t>(budget_.around.size(), 1))),
      seen_(survey.kinds_.size()) {
  out_.kinds = survey.kinds_;
  out_.total = survey.total_;
  last_.resize(out_.kinds.size());
  steps_.assign(out_.kinds.size(), 1);
  std::ranges::sort(budget_.around);
  std::uint64_t left = budget_.events;
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    std::uint64_t wanted = 0;
    for (const Kind& kind : out_.kinds)
      if (rank_of(kind) == rank) wanted += kind.total;
    const std::uint64_t step = wanted <= left ? 1 : left == 0 ? 0 : (wanted + left - 1) / left;
    for (std::size_t kind = 0; kind < steps_.size(); ++kind)
      if (rank_of(out_.kinds[kind]) == rank) steps_[kind] = step;
    left -= step == 0 ? 0 : std::min(left, wanted / step);
  }
}

bool TracePacker::keeps(const TraceEvent& event, std::size_t kind) {
  const std::uint64_t group = group_of(event, seen_[kind]++);
  if (steps_[kind] == 1 || (steps_[kind] > 1 && group % steps_[kind] == 0)) return true;
  const auto named =
      std::ranges::lower_bound(budget_.around, event.order < neighbours_ ? 0 : event.order - neighbours_);
  return named != budget_.around.end() && *named <= event.order + neighbours_;
}

std::size_t TracePacker::place_of(const Life& life) {
  const auto [found, is_new] = lives_.try_emplace(life, out_.lives.size());
  if (is_new) out_.lives.push_back(life);
  return found->second;
}

std::uint64_t TracePacker::place_of_text(std::string_view text) {
  if (text.empty()) return 0;
  const auto [found, is_new] =
      texts_.try_emplace(std::string(text.substr(0, kMostTextBytes)), out_.texts.size());
  if (is_new) out_.texts.push_back(found->first);
  return found->second + 1;
}

std::uint64_t TracePacker::coded(std::size_t kind, std::size_t life, std::size_t field, std::uint64_t value) {
  if (out_.kinds[kind].wide[field]) {
    const auto [found, is_new] = wide_.try_emplace(value, out_.wide.size());
    if (is_new) out_.wide.push_back(value);
    value = found->second;
  }
  auto& of_kind = last_[kind];
  if (of_kind.size() <= life) of_kind.resize(life + 1);
  if (of_kind[life].empty()) of_kind[life].assign(out_.kinds[kind].fields.size(), 0);
  std::uint64_t& last = of_kind[life][field];
  const std::uint64_t difference = value - last;
  last = value;
  return zigzag(difference);
}

void TracePacker::see(const TraceEvent& event) {
  const auto known = places_.find(key_of(event));
  CHECK(known != places_.end(), "the survey has not seen ", event.kind);
  const std::size_t kind = known->second;
  if (!keeps(event, kind)) return;
  const std::size_t life = place_of({event.node, event.incarnation});
  ++out_.kinds[kind].kept;
  ++out_.kept;
  put(out_.bytes, kind);
  put(out_.bytes, life);
  put(out_.bytes, event.order - next_order_);
  put(out_.bytes, static_cast<std::uint64_t>(event.time_ns - last_time_));
  for (std::size_t field = 0; field < event.fields.size(); ++field)
    put(out_.bytes, coded(kind, life, field, event.fields[field].value));
  put(out_.bytes, place_of_text(event.text));
  next_order_ = event.order + 1;
  last_time_ = event.time_ns;
}

}  // namespace lockstep::page
