// Two runs, or two campaigns of many, side by side: what changed from the first to the second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/history.h"
#include "reports/report.h"

namespace lockstep::reports {

// What a comparison needs of one run.
struct ComparedRun {
  std::string name;  // of its directory: runs of the same name are compared with each other
  Report report;
  std::string scenario{};                                // scenario.json as text; empty: not recorded
  std::optional<std::vector<std::int64_t>> latencies{};  // of what succeeded, in ns; none: no history
};
std::vector<std::int64_t> latencies_of(const History& history);

struct Campaign {
  std::string name;
  std::vector<ComparedRun> runs;
};

struct CampaignTotals {
  std::uint64_t runs = 0;
  std::uint64_t hold = 0;
  OperationCounts operations;
  Elections elections;
  std::uint64_t events = 0;
  std::uint64_t without_history = 0;        // runs: their latencies are not known
  std::optional<LatencyQuantiles> latency;  // none: nothing succeeded, as far as there are histories
  std::vector<std::uint64_t>
      distribution;  // of latencies, in steps of a third of a decade from 10 microseconds on
};

// What was compared with what: only runs of the same scenario, seed and world differ by the program alone.
struct ComparedPair {
  std::string run;
  std::string first;  // "small, seed 7, simulated"
  std::string second;
  bool same_scenario = true;
  bool same_seed = true;
  bool same_world = true;
  std::optional<bool> same_trace{};  // of simulated runs for which all of these are true

  bool is_same() const { return same_scenario && same_seed && same_world; }
};

struct VerdictChange {
  std::string run;
  std::string row;               // empty: the run's verdict as a whole
  std::optional<Outcome> first;  // none: this row is not there
  std::optional<Outcome> second;
  bool is_worse() const;
  bool is_gone() const { return first && !second; }
};

struct Comparison {
  std::string first_name;
  std::string second_name;
  CampaignTotals first;  // of the runs that were compared
  CampaignTotals second;
  std::uint64_t in_both = 0;            // runs that were compared
  std::vector<ComparedPair> pairs{};    // those
  std::vector<VerdictChange> changes;   // in the order of the runs; the whole before its rows
  std::vector<std::string> only_first;  // runs
  std::vector<std::string> only_second;

  // Also if there was nothing to compare.
  bool got_worse() const;
};

// Two single runs are compared whatever their names are.
Comparison compare(const Campaign& first, const Campaign& second);
std::string to_text(const Comparison& comparison);
std::string to_json_text(const Comparison& comparison);

}  // namespace lockstep::reports
