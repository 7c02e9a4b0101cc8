// Everything that a node's HTTP port tells of the node: where it comes from, and /status, /raft, /healthz and
// /readyz.
#pragma once

#include <map>
#include <string>

#include "core/proto/client.pb.h"
#include "net/api/gateway.h"
#include "net/api/http_server.h"

namespace lockstep::api {

// From the configuration and the program; it does not change.
struct HttpSite {
  NodeId self;
  std::string cluster;  // empty: a node that stands alone
  std::string version;  // of this program
  std::string sqlite;   // source id and compile options, as the handshake compares them
  struct Member {
    std::string native;  // "127.0.0.1:4001"
    std::string origin;  // of its HTTP port, "http://127.0.0.1:4002"; empty: not known
  };
  std::map<NodeId, Member> members;  // this one too
  bool is_loopback = true;           // nobody beyond this machine reaches the port
};

// Of the process, from the operating system.
struct ProcessFacts {
  double started = 0;  // seconds since 1970
  double uptime = 0;   // seconds
  double cpu = 0;      // seconds, user and system
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
};
ProcessFacts process_facts();

// At one moment.
struct NodeReport {
  const HttpSite& site;
  wire::Reply reply;  // to a status request with counters; not DONE while the node recovers or has stopped
  NodeFacts facts;
  HttpCounters http;
  std::size_t http_connections = 0;
  std::optional<PortFacts> grpc = {};  // none: no such port
  std::uint64_t disk_syncs = 0;
  ProcessFacts process;

  const wire::StatusReply& status() const { return reply.node_status(); }
  bool answers() const { return reply.status() == wire::DONE; }
};

// Roles are numbered from 1: core/raft/types.h, Role.
inline constexpr std::uint32_t kRoles = 4;
std::string_view role_name(std::uint32_t role);
// Empty: the node can serve. Otherwise why not.
std::string unready_because(const NodeReport& report);

// Alive in any case; why the node has stopped itself, if it has.
std::string health_json(const NodeReport& report);
std::string status_json(const NodeReport& report);
std::string raft_json(const NodeReport& report);

}  // namespace lockstep::api
