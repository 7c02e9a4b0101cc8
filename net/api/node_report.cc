// Facts in words and in JSON.
#include "net/api/node_report.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>

#include "net/api/json_writer.h"

namespace lockstep::api {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// When the program was loaded.
const double kStarted = wall_seconds();
const auto kBegan = std::chrono::steady_clock::now();

std::uint64_t count_open_files() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  std::uint64_t count = 0;
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count > 3 ? count - 3 : 0;  // without ".", ".." and this directory
}

std::string_view state_of(const NodeReport& report) {
  if (report.answers()) return "serving";
  return report.reply.status() == wire::NOT_READY ? "recovering" : "stopped";
}

void write_member(JsonWriter& json, const NodeReport& report, NodeId id) {
  json.member("id", id.value());
  const auto member = report.site.members.find(id);
  if (member == report.site.members.end()) return;
  json.member("native", member->second.native);
  if (!member->second.origin.empty()) json.member("url", member->second.origin);
}

void write_raft(JsonWriter& json, const NodeReport& report) {
  const wire::StatusReply& status = report.status();
  json.member("role", role_name(status.role())).member("term", status.term());
  json.key("leader");
  if (status.leader() == 0) {
    json.null();
  } else {
    json.open_object();
    write_member(json, report, NodeId(status.leader()));
    json.close_object();
  }
  json.member("first_index", status.first_index()).member("last_index", status.last_index());
  json.member("commit_index", status.commit_index()).member("applied_index", status.applied_index());
  json.member("digest", hex16(status.digest()));
  json.key("matches").open_object();
  for (const wire::StatusReply::Match& match : status.matches())
    json.member(cat(match.node()), match.index());
  json.close_object();
}

void write_peers(JsonWriter& json, const NodeReport& report) {
  json.key("members").open_array();
  for (const auto& [id, member] : report.site.members) {
    json.open_object();
    write_member(json, report, id);
    const auto peer = report.facts.peers.find(id);
    if (peer != report.facts.peers.end()) {
      json.member("connected", peer->second.connected).member("trouble", peer->second.trouble);
    }
    json.close_object();
  }
  json.close_array();
}

}  // namespace

ProcessFacts process_facts() {
  ProcessFacts facts;
  facts.started = kStarted;
  facts.uptime = std::chrono::duration<double>(std::chrono::steady_clock::now() - kBegan).count();
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0)
    facts.cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  std::uint64_t pages = 0;
  std::ifstream memory("/proc/self/statm");
  if (memory >> pages >> pages)
    facts.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  facts.open_files = count_open_files();
  return facts;
}

std::string_view role_name(std::uint32_t role) {
  constexpr std::array<std::string_view, kRoles + 1> kNames = {"unknown", "follower", "pre_candidate",
                                                               "candidate", "leader"};
  return kNames[role <= kRoles ? role : 0];
}

std::string unready_because(const NodeReport& report) {
  if (!report.answers()) {
    return report.reply.message().empty() ? cat("this node is ", state_of(report)) : report.reply.message();
  }
  const wire::StatusReply& status = report.status();
  if (status.leader() == 0) return "no leader is known";
  const bool leads = NodeId(status.leader()) == report.site.self;
  if (leads && !status.can_serve()) return "this node leads, and nothing of its term is committed yet";
  return {};
}

std::string health_json(const NodeReport& report) {
  std::string text;
  JsonWriter json(text);
  json.open_object().member("alive", true);
  if (report.reply.status() == wire::STOPPED) json.member("trouble", unready_because(report));
  json.close_object();
  return text + "\n";
}

std::string status_json(const NodeReport& report) {
  std::string text;
  JsonWriter json(text);
  json.open_object().member("node", report.site.self.value()).member("cluster", report.site.cluster);
  const std::string trouble = unready_because(report);
  json.member("state", state_of(report)).member("ready", trouble.empty()).member("trouble", trouble);
  if (report.answers()) write_raft(json, report);
  write_peers(json, report);
  json.member("clients", report.facts.clients).member("uptime_s", report.process.uptime);
  json.member("resident_bytes", report.process.resident_bytes);
  json.member("version", report.site.version).member("sqlite", report.site.sqlite);
  json.close_object();
  return text + "\n";
}

std::string raft_json(const NodeReport& report) {
  const wire::StatusReply& status = report.status();
  std::string text;
  JsonWriter json(text);
  json.open_object().member("node_id", report.site.self.value()).member("state", role_name(status.role()));
  json.member("current_term", status.term());
  // Entries that are in the log now: its prefix is dropped once everybody has it.
  json.member("log_length", status.last_index() + 1 - status.first_index());
  json.member("commit_index", status.commit_index()).member("last_applied", status.applied_index());
  json.member("cluster_size", report.site.members.size()).member("leader_id", status.leader()).close_object();
  return text + "\n";
}

}  // namespace lockstep::api
