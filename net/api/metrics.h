// A node's report in the text format of Prometheus; docs/metrics.md lists what there is.
#pragma once

#include <optional>
#include <string>

#include "core/proto/dispatch.pb.h"
#include "net/api/node_report.h"

namespace lockstep::api {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// `hub`: of a node whose hub leads.
std::string metrics_text(const NodeReport& report, const std::optional<wire::StatusReport>& hub);

}  // namespace lockstep::api
