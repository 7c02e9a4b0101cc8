// What a node is told at its start: the typed form of its configuration file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "config/address.h"
#include "config/consensus.h"

namespace lockstep::config {

inline constexpr std::uint64_t kMostNodeId = 99;  // clients' numbers begin above it

enum class Engine { kSqlite };
enum class Role { kEdge, kRead, kWrite, kAdmin };
enum class LogLevel { kTrace, kDebug, kInfo, kWarning, kError, kOff };

// Where nothing else is said. Of a node that is told one port: HTTP is the next, gRPC the one behind it.
inline constexpr std::uint16_t kDefaultPort = 4001;
inline constexpr std::uint16_t kHttpOffset = 1;
inline constexpr std::uint16_t kGrpcOffset = 2;

struct Listen {
  Address native;
  std::optional<Address> grpc;
  std::optional<Address> http;
  bool operator==(const Listen&) const = default;
};

struct Member {
  NodeId id;
  Address address;  // where the others reach its native port
  // Where people and clients reach its other ports, for hints.
  std::optional<Address> http = {};
  std::optional<Address> grpc = {};
  bool operator==(const Member&) const = default;
};

struct Cluster {
  std::string name;  // as it was written: "orders", "7"
  NodeId self;
  std::vector<Member> members;  // all voters, self included; sorted by number
  bool expect_data = false;     // refuses to start on an empty directory
  Consensus consensus;
  bool operator==(const Cluster&) const = default;
};

// The hub beside the node (docs/hub.md): equal on all members, or decisions depend on who leads.
struct Hub {
  std::uint32_t credit = 64;
  std::uint32_t deadline_windows = 2;
  Duration resend_first = std::chrono::milliseconds(200);
  Duration resend_most = std::chrono::seconds(5);
  std::uint32_t kept_versions = 3;
  Duration report_interval = std::chrono::seconds(1);
  Duration retention{};  // zero: readings are kept for good
  Duration retention_interval = std::chrono::seconds(1);
  std::uint32_t retention_step = 256;
  bool operator==(const Hub&) const = default;
};

// PEM files.
struct Tls {
  std::string ca;
  std::string certificate;
  std::string key;
  std::string client_ca;  // ca, if the file has none
  bool operator==(const Tls&) const = default;
};

// Exactly one of token and sha256 is there.
struct Token {
  std::string name;
  Role role = Role::kRead;
  std::string token;
  std::string sha256;  // 64 lower-case hex digits
  std::vector<std::string> edges = {};  // names of the edges that it may be; empty: any
  bool operator==(const Token&) const = default;
};

struct Limits {
  std::uint32_t max_connections = 10'000;  // on each port
  Duration session_timeout = std::chrono::hours(1);
  bool operator==(const Limits&) const = default;
};

struct Log {
  LogLevel level = LogLevel::kInfo;
  std::string file;  // empty: standard error
  bool operator==(const Log&) const = default;
};

struct NodeSettings {
  std::string about;
  std::string data;
  std::string database = "db/main.sqlite";  // inside `data`
  Engine engine = Engine::kSqlite;
  Listen listen;
  bool insecure_listen = false;
  std::optional<Cluster> cluster;  // none: standalone
  std::optional<Hub> hub;          // none: a database and nothing more
  std::optional<Tls> tls;
  std::vector<Token> tokens;
  std::string token_file;  // holds more of them; empty: none
  Limits limits;
  Log log;
  bool operator==(const NodeSettings&) const = default;
};

// The number of a cluster: its name, if that is a number, else a hash of it. Never none.
ClusterId cluster_id(std::string_view name);

// Listening beyond this machine without TLS; empty: nothing is wrong, or it is what the settings ask for.
std::string exposure(const NodeSettings& settings);

std::string_view to_string(Engine engine);
std::string_view to_string(Role role);
std::string_view to_string(LogLevel level);

}  // namespace lockstep::config
