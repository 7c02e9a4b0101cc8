// Families of metrics; names and units follow Prometheus' conventions.
#include "net/api/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>

namespace lockstep::api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

std::string_view kind_name(std::uint32_t kind) {
  switch (kind) {
    case wire::Request::kOpenSession: return "open_session";
    case wire::Request::kCloseSession: return "close_session";
    case wire::Request::kWrite: return "write";
    case wire::Request::kQuery: return "query";
    case wire::Request::kGetVersion: return "get_version";
    case wire::Request::kStatus: return "status";
    case wire::Request::kMaintain: return "maintain";
    case wire::Request::kWithdraw: return "withdraw";
    default: return "unreadable";
  }
}

std::string lower_case(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

class Page {
 public:
  template <class Number>
  void counter(const std::string& name, const std::string& help, Number value, Labels labels = {}) {
    ClientMetric& metric = add(name, help, MetricType::Counter, std::move(labels));
    metric.counter.value = static_cast<double>(value);
  }
  template <class Number>
  void gauge(const std::string& name, const std::string& help, Number value, Labels labels = {}) {
    ClientMetric& metric = add(name, help, MetricType::Gauge, std::move(labels));
    metric.gauge.value = static_cast<double>(value);
  }
  void histogram(const std::string& name, const std::string& help, ClientMetric::Histogram value,
                 Labels labels) {
    add(name, help, MetricType::Histogram, std::move(labels)).histogram = std::move(value);
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  // Metrics of one name follow each other.
  ClientMetric& add(const std::string& name, const std::string& help, MetricType type, Labels labels) {
    if (families_.empty() || families_.back().name != name) families_.push_back({name, help, type, {}});
    ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }

  std::vector<MetricFamily> families_;
};

ClientMetric::Histogram histogram_of(const wire::RequestCounters& counters,
                                     const wire::RequestCounters::OfKind& kind) {
  ClientMetric::Histogram out;
  out.sample_sum = static_cast<double>(kind.sum_ns()) / 1e9;
  for (int i = 0; i < kind.buckets_size(); ++i) {
    out.sample_count += kind.buckets(i);
    const bool is_last = i == counters.bounds_ns_size();
    const double bound =
        is_last ? std::numeric_limits<double>::infinity() : static_cast<double>(counters.bounds_ns(i)) / 1e9;
    out.bucket.push_back({out.sample_count, bound});
  }
  return out;
}

void add_requests(Page& page, const wire::RequestCounters& counters) {
  for (const auto& kind : counters.kinds())
    for (const auto& ended : kind.ended())
      page.counter("lockstep_requests_total", "Requests answered, over all protocols, by kind and status.",
                   ended.count(),
                   {{"kind", std::string(kind_name(kind.kind()))},
                    {"status", lower_case(wire::ReplyStatus_Name(ended.status()))}});
  for (const auto& kind : counters.kinds())
    page.gauge("lockstep_requests_waiting", "Requests that wait for their answer.", kind.waiting(),
               {{"kind", std::string(kind_name(kind.kind()))}});
  for (const auto& kind : counters.kinds())
    page.histogram("lockstep_request_duration_seconds",
                   "Of requests that were done: from their arrival at the node to the answer.",
                   histogram_of(counters, kind), {{"kind", std::string(kind_name(kind.kind()))}});
}

void add_raft(Page& page, const wire::StatusReply& status) {
  for (std::uint32_t role = 1; role <= kRoles; ++role)
    page.gauge("lockstep_raft_role", "1 for the role that this node has.", status.role() == role,
               {{"role", std::string(role_name(role))}});
  page.gauge("lockstep_raft_term", "The current term.", status.term());
  page.gauge("lockstep_raft_leader_id", "The leader that this node knows; 0: none.", status.leader());
  page.gauge("lockstep_raft_commit_index", "The last committed entry that this node knows of.",
             status.commit_index());
  page.gauge("lockstep_raft_applied_index", "The last entry that the state machine holds.",
             status.applied_index());
  page.gauge("lockstep_raft_last_index", "The last entry of the log.", status.last_index());
  page.gauge("lockstep_raft_log_entries", "Entries that the log holds.",
             status.last_index() + 1 - status.first_index());
  for (const auto& match : status.matches())
    page.gauge("lockstep_raft_match_index", "Of a leader: how far a member's log is known to be durable.",
               match.index(), {{"node", cat(match.node())}});
  page.counter("lockstep_raft_elections_total", "Elections in which this node stood.", status.elections());
  page.counter("lockstep_raft_role_changes_total", "Changes of role, term or known leader.",
               status.role_changes());
  page.counter("lockstep_apply_batches_total", "Transactions in which entries were applied.",
               status.applied_batches());
  page.counter("lockstep_apply_entries_total", "Entries that were applied.", status.applied_entries());
}

void add_network(Page& page, const NodeReport& report) {
  const net::TransportCounters& native = report.facts.transport;
  page.counter("lockstep_native_frames_sent_total", "Frames to members and native clients.",
               native.frames_sent);
  page.counter("lockstep_native_frames_received_total", "Frames from members and native clients.",
               native.frames_received);
  page.counter("lockstep_native_frames_lost_total",
               "Frames without a connection, or for which too much waited.", native.frames_lost);
  page.counter("lockstep_native_sent_bytes_total", "Payloads of frames that were sent.", native.bytes_sent);
  page.counter("lockstep_native_received_bytes_total", "Payloads of frames that were received.",
               native.bytes_received);
  page.counter("lockstep_http_received_bytes_total", "Bytes of HTTP requests.", report.http.bytes_received);
  page.counter("lockstep_http_sent_bytes_total", "Bytes of HTTP responses.", report.http.bytes_sent);
  for (const auto& [status, count] : report.http.responses)
    page.counter("lockstep_http_responses_total", "HTTP responses, by status.", count,
                 {{"status", cat(status)}});
  page.counter("lockstep_http_timeouts_total", "HTTP connections of clients that were too slow.",
               report.http.timeouts);
  const std::string refused = "Connections that were turned away.";
  page.counter("lockstep_connections_refused_total", refused, native.refused, {{"port", "native"}});
  page.counter("lockstep_connections_refused_total", refused, report.http.refused, {{"port", "http"}});
  if (report.grpc)
    page.counter("lockstep_connections_refused_total", refused, report.grpc->refused, {{"port", "grpc"}});
  page.counter("lockstep_frames_forbidden_total",
               "Frames of edges and clouds whose token does not allow them.", native.forbidden);
  const std::string open = "Connections that others have made to this node.";
  page.gauge("lockstep_connections", open, report.facts.connections, {{"port", "native"}});
  page.gauge("lockstep_connections", open, report.http_connections, {{"port", "http"}});
  if (report.grpc) page.gauge("lockstep_connections", open, report.grpc->connections, {{"port", "grpc"}});
  for (const auto& [id, peer] : report.facts.peers)
    page.gauge("lockstep_peer_connected", "1: this node is connected to that member.", peer.connected,
               {{"node", cat(id)}});
  page.gauge("lockstep_gateway_calls_waiting", "Calls of HTTP and gRPC that wait for their answer.",
             report.facts.outstanding);
}

void add_process(Page& page, const NodeReport& report) {
  page.gauge("lockstep_build_info", "1; the labels say what runs.", 1,
             {{"version", report.site.version}, {"sqlite", report.site.sqlite}});
  page.gauge("lockstep_up", "1: the node serves; 0: it recovers or has stopped itself.", report.answers());
  page.gauge("lockstep_ready", "1: a leader is known, and requests are taken.",
             unready_because(report).empty());
  page.counter("lockstep_disk_syncs_total", "Syncs of files and directories.", report.disk_syncs);
  page.gauge("lockstep_uptime_seconds", "Since this process began.", report.process.uptime);
  page.gauge("process_start_time_seconds", "When this process began, since 1970.", report.process.started);
  page.counter("process_cpu_seconds_total", "User and system time.", report.process.cpu);
  page.gauge("process_resident_memory_bytes", "Memory that is resident.", report.process.resident_bytes);
  page.gauge("process_open_fds", "Open files and sockets.", report.process.open_files);
}

std::string_view state_of(const wire::StatusReport::Edge& edge) {
  if (edge.connected()) return "connected";
  return edge.not_heard_yet() ? "not_heard_yet" : "silent";
}

void add_edges(Page& page, const wire::StatusReport& hub) {
  std::map<std::string_view, std::uint64_t> edges{{"connected", 0}, {"silent", 0}, {"not_heard_yet", 0}};
  std::uint64_t readings = 0, dropped = 0, refusing = 0;
  for (const wire::StatusReport::Edge& edge : hub.edges()) {
    ++edges[state_of(edge)];
    readings += edge.readings();
    dropped += edge.dropped();
    refusing += edge.refused_settings() != 0 ? 1 : 0;
  }
  for (const auto& [state, count] : edges)
    page.gauge("lockstep_hub_edges", "Edges that have ever said hello, by whether they are heard now.", count,
               {{"state", std::string(state)}});
  page.gauge("lockstep_hub_edges_refusing_settings", "Edges that refused the settings they were sent last.",
             refusing);
  page.counter("lockstep_hub_readings_total", "Readings that were committed.", readings);
  page.counter("lockstep_hub_readings_dropped_total", "Readings that edges dropped, as they say.", dropped);
}

void add_hub(Page& page, const wire::StatusReport& hub) {
  add_edges(page, hub);
  page.counter("lockstep_hub_instructions_decided_total", "Instructions that were decided.",
               hub.instructions());
  page.counter("lockstep_hub_instructions_done_total", "Instructions that were done.", hub.done());
  page.counter("lockstep_hub_instructions_missed_total", "Instructions whose deadline was missed.",
               hub.missed());
  page.gauge("lockstep_hub_instructions_open", "Instructions without an outcome.", hub.outcomes().open());
  for (const wire::PackageStatus& active : hub.active())
    page.gauge("lockstep_hub_active_version", "Version that is in force.", active.active(),
               {{"kind", lower_case(wire::PackageKind_Name(active.kind()))}});
}

}  // namespace

std::string metrics_text(const NodeReport& report, const std::optional<wire::StatusReport>& hub) {
  Page page;
  add_process(page, report);
  if (report.answers()) {
    add_raft(page, report.status());
    add_requests(page, report.status().requests());
  }
  add_network(page, report);
  if (hub) add_hub(page, *hub);
  return page.text();
}

}  // namespace lockstep::api
