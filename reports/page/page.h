// A run as one HTML file that needs nothing else: answer, verdicts, time line, charts, facts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/history.h"
#include "reports/page/packed_trace.h"
#include "reports/page/whole_trace.h"
#include "reports/report.h"

namespace lockstep::page {

struct RecordedRun {
  std::string name;  // where it lies
  const reports::Report& report;
  const reports::History& history;
  bool has_history = true;  // false: there was none, so that the page knows of no operation
  std::string scenario;  // the file as it ran; empty: not recorded
  std::string command;   // that does it again
  const PackedTrace* trace = nullptr;
  const WholeTrace* whole = nullptr;  // of the same trace; both or none
};

// Another run to be shown beside it.
struct Counterpart {
  const RecordedRun& run;
  std::optional<std::uint64_t>
      parts_at{};          // the order of the first event that differs; nothing: not known, or none does
  std::string difference;  // in words, several lines
};

// Names and texts of the run are data, never markup.
std::string page_of(const RecordedRun& run, const Counterpart* other = nullptr);
// Sent by mail, opened on a phone: a page is smaller than this.
inline constexpr std::size_t kMostBytes = 3'000'000;
// What to try next if the page with this trace has become so many bytes, too many.
Budget smaller(Budget budget, const PackedTrace& trace, std::size_t bytes);
// Orders of the events that verdicts name: "event 130 at ...".
std::vector<std::uint64_t> named_events(const reports::Report& report);

struct IndexRow {
  std::string link;  // of its page, relative to the index; empty: it has none
  const reports::Report& report;
};
// Several runs as a table; what does not hold comes first.
std::string index_of(const std::vector<IndexRow>& rows);

}  // namespace lockstep::page
