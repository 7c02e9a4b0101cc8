// What went over the network of a whole run, counted before any of its events is left out of the page.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "reports/trace.h"

namespace lockstep::page {

class Traffic {
 public:
  // Processes and channels are the numbers of docs/format/trace.md. Channel 0: of frames that were dropped
  // and whose sending the trace does not have.
  struct Kind {
    std::uint64_t channel = 0;
    bool brings_entries = false;  // of the log: the other messages of Raft bring none
    auto operator<=>(const Kind&) const = default;
  };
  struct Frames {
    std::vector<std::uint64_t> sent;  // in each stretch of time
    std::vector<std::uint64_t> bytes;
    std::uint64_t dropped = 0;
  };
  // From one process to another. Copies of a duplicate count each, what is still under way does not.
  struct Link {
    std::uint64_t ended = 0;  // delivered or dropped
    std::uint64_t dropped = 0;
    std::uint64_t field = 0;  // of the channel of hubs and edges
  };

  // Times beyond `end` count to the last of so many equal stretches.
  Traffic(Duration end, std::size_t stretches);
  // Every event, in the order of the run.
  void see(const reports::TraceEvent& event);

  Duration stretch() const { return stretch_; }
  const std::map<Kind, Frames>& kinds() const { return kinds_; }
  const std::vector<std::uint64_t>& dropped() const { return dropped_; }  // frames in each stretch of time
  const std::map<std::uint64_t, std::uint64_t>& reasons() const { return reasons_; }  // of what was dropped
  const std::map<std::pair<std::uint64_t, std::uint64_t>, Link>& links() const { return links_; }
  std::uint64_t entries() const { return entries_; }  // of the log, that frames brought

 private:
  struct UnderWay {
    std::uint64_t to = 0;
    Kind kind{};
    std::uint64_t copies = 1;
  };

  std::size_t stretch_of(const reports::TraceEvent& event) const;
  Frames& frames_of(const Kind& kind);
  void send(const reports::TraceEvent& event);
  void deliver(const reports::TraceEvent& event);
  void drop(const reports::TraceEvent& event);
  // What the trace said of the frame when it was sent; one copy of it is under way no more.
  UnderWay ended(const reports::TraceEvent& event);
  Link& end_on(std::uint64_t from, const UnderWay& frame);

  std::size_t stretches_;
  Duration stretch_;
  std::map<std::uint64_t, UnderWay> under_way_;  // by message
  std::optional<std::string> appending_;         // the node that sends entries with its next frame
  std::map<Kind, Frames> kinds_;
  std::vector<std::uint64_t> dropped_;
  std::map<std::uint64_t, std::uint64_t> reasons_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Link> links_;
  std::uint64_t entries_ = 0;
};

}  // namespace lockstep::page
