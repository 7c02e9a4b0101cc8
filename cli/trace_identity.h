// Whether a recorded trace is the one that a report is about: as many events, and the same hash.
#pragma once

#include <string_view>

#include "base/result.h"
#include "reports/report.h"
#include "reports/trace.h"
#include "sim/recorder.h"

namespace lockstep::cli {

class TraceIdentity {
 public:
  // Every event, in order.
  void see(const reports::TraceEvent& event);

  // `file` names the trace in the sentence. Of a real run, and where the trace has events that this program
  // does not know, only their number is compared.
  Status belongs_to(const reports::Report& report, std::string_view file) const;

 private:
  sim::Recorder recorder_;  // hashes the events as it did when they happened
  std::uint64_t events_ = 0;
  bool is_hashed_ = true;  // every event was known
};

}  // namespace lockstep::cli
