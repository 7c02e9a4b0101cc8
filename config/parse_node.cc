// Text, schema, then what no schema can say: addresses, what must fit together, paths.
#include "config/parse_node.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.h"
#include "json/cursor.h"
#include "json/schema.h"
#include "json/text.h"

namespace lockstep::config {

using json::Cursor;
using json::read_duration;
using json::read_member;
using lockstep::to_string;

void read(const Cursor& at, Address& out) {
  auto address = parse_address(at.text());
  if (!address) return at.refuse("an address with a port from 1 to 65535, such as \"127.0.0.1:4001\"");
  out = std::move(*address);
}
void read(const Cursor& at, std::optional<Address>& out) {
  if (at.node().is(json::Kind::kNull)) return out.reset();
  read(at, out.emplace());
}
void read(const Cursor& at, Role& out) {
  read_choice(at, std::array{Role::kEdge, Role::kRead, Role::kWrite, Role::kAdmin}, out);
}
void read(const Cursor& at, LogLevel& out) {
  read_choice(at,
              std::array{LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning,
                         LogLevel::kError, LogLevel::kOff},
              out);
}
void read(const Cursor& at, Token& out) {
  read_member(at, "name", out.name);
  read_member(at, "role", out.role);
  read_member(at, "token", out.token);
  read_member(at, "sha256", out.sha256);
  read_member(at, "edges", out.edges);
  const auto hash = at.member("sha256");
  if (hash && out.sha256.size() != 64) {
    hash->refuse("64 hex digits", cat("there are ", out.sha256.size()));
  }
}

namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::string_view kFilesOfTheDirectory[] = {"lockstep.json", "lockstep.lock", "kv"};
constexpr Duration kMaxRetention = std::chrono::hours(24 * 365 * 10);

const json::Schema& node_schema() {
  static const json::Schema schema = json::Schema::of_ours(node_schema_text());
  return schema;
}

// Of two entries with one token the last would decide what it may do.
void read_token_list(const Cursor& at, std::vector<Token>& out) {
  read(at, out);
  const std::vector<Cursor> items = at.items();
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      const bool same_token = out[i].token == out[earlier].token && out[i].sha256 == out[earlier].sha256;
      const bool same_name = !out[i].name.empty() && out[i].name == out[earlier].name;
      if (!same_token && !same_name) continue;
      items[i].refuse(cat("every ", same_token ? "token" : "name", " only once"), cat("entry ", earlier, " has it"));
      break;
    }
}

class NodeReader {
 public:
  NodeReader(const Cursor& at, std::string_view directory) : at_(at), directory_(directory) {}

  NodeSettings settings() {
    read_member(at_, "about", out_.about);
    read_path(at_, "data", out_.data);
    read_member(at_, "database", out_.database);
    if (std::ranges::find(kFilesOfTheDirectory, out_.database) != std::end(kFilesOfTheDirectory))
      at_.nearest("database").refuse("a name that the data directory does not use itself");
    if (const auto cluster = at_.member("cluster")) read_cluster(*cluster, out_.cluster.emplace());
    if (const auto hub = at_.member("hub")) read_hub(*hub, out_.hub.emplace());
    read_listen();
    read_member(at_, "insecure_listen", out_.insecure_listen);
    if (const auto tls = at_.member("tls")) read_tls(*tls, out_.tls.emplace());
    if (const auto tokens = at_.member("tokens")) read_tokens(*tokens);
    if (const auto limits = at_.member("limits")) {
      read_member(*limits, "max_connections", out_.limits.max_connections);
      read_duration(*limits, "session_timeout", std::chrono::seconds(1), out_.limits.session_timeout);
    }
    if (const auto log = at_.member("log")) {
      read_member(*log, "level", out_.log.level);
      if (!log->member("file").value_or(*log).node().is(json::Kind::kNull))
        read_path(*log, "file", out_.log.file);
    }
    const std::string exposed = exposure(out_);
    if (!exposed.empty()) {
      at_.nearest("listen").refuse(
          "addresses of this machine only, a \"tls\" section, or \"insecure_listen\": true", exposed);
    }
    return std::move(out_);
  }

 private:
  void read_path(const Cursor& object, std::string_view key, std::string& out) const {
    const auto member = object.member(key);
    if (!member) return;
    const std::string_view path = member->text();
    if (path.empty() || path.contains('\0')) return member->refuse("a path");
    const bool relative = !path.starts_with('/') && !directory_.empty();
    out = relative ? cat(directory_, "/", path) : std::string(path);
  }

  void read_cluster(const Cursor& at, Cluster& out) {
    read_name(*at.member("id"), out.name);
    if (out.name.size() > kLongestName) at.nearest("id").refuse(cat("at most ", kLongestName, " characters"));
    read_member(at, "node", out.self);
    read_members(*at.member("members"), out);
    const bool known = std::any_of(out.members.begin(), out.members.end(),
                                   [&](const Member& member) { return member.id == out.self; });
    if (!known) at.nearest("node").refuse(cat("the number of a member", list_of(out.members)));
    read_member(at, "expect_data", out.expect_data);
    read(at, out.consensus);
  }

  static void read_hub(const Cursor& at, Hub& out) {
    read_member(at, "credit", out.credit);
    read_member(at, "deadline_windows", out.deadline_windows);
    read_duration(at, "resend_first", std::chrono::milliseconds(1), out.resend_first);
    read_duration(at, "resend_most", std::chrono::milliseconds(1), out.resend_most);
    if (out.resend_most < out.resend_first)
      at.nearest("resend_most").refuse(cat("a resend_most of at least resend_first, ", to_string(out.resend_first)));
    read_member(at, "kept_versions", out.kept_versions);
    read_duration(at, "report_interval", std::chrono::milliseconds(10), out.report_interval);
    if (const auto retention = at.member("retention")) read_up_to(*retention, kMaxRetention, out.retention);
    read_duration(at, "retention_interval", std::chrono::milliseconds(10), out.retention_interval);
    read_member(at, "retention_step", out.retention_step);
  }

  static void read_name(const Cursor& at, std::string& out) {
    out = at.text();
    if (at.node().is(json::Kind::kNumber))
      out = cat(static_cast<std::uint64_t>(json::scaled(at.text(), 0).whole));
  }

  static std::string list_of(const std::vector<Member>& members) {
    std::string out;
    for (const Member& member : members) append_text(out, cat(out.empty() ? " (" : ", ", member.id));
    return out + ")";
  }

  // Each number and each address once.
  static void read_members(const Cursor& at, Cluster& out) {
    std::map<NodeId, std::size_t> numbers;
    std::map<Address, NodeId> addresses;
    for (const Cursor& place : at.items()) {
      Member member;
      read_member(place, "id", member.id);
      read_member(place, "address", member.address);
      read_member(place, "http", member.http);
      read_member(place, "grpc", member.grpc);
      if (!numbers.emplace(member.id, out.members.size()).second) {
        place.nearest("id").refuse("another number for every member",
                                   cat("member ", member.id, " stands above"));
      } else if (const auto [other, is_new] = addresses.emplace(member.address, member.id); !is_new) {
        place.nearest("address").refuse("another address for every member",
                                        cat("it is the address of member ", other->second));
      }
      out.members.push_back(std::move(member));
    }
    std::sort(out.members.begin(), out.members.end(),
              [](const Member& a, const Member& b) { return a.id < b.id; });
  }

  void read_listen() {
    const Cursor listen = at_.nearest("listen");
    const auto of_listen = [&](std::string_view key, auto& out) {
      if (at_.has("listen")) read_member(listen, key, out);
    };
    if (out_.cluster) {
      for (const Member& member : out_.cluster->members)
        if (member.id == out_.cluster->self) out_.listen.native = member.address;
    }
    of_listen("native", out_.listen.native);
    of_listen("grpc", out_.listen.grpc);
    of_listen("http", out_.listen.http);
    const bool has_native = at_.has("listen") && listen.has("native");
    if (!has_native && !out_.cluster) {
      listen.refuse("an address under \"listen\", \"native\"", "a node without \"cluster\" has no other");
    }
    std::map<Address, std::string_view> taken{{out_.listen.native, "native"}};
    for (const auto& [key, address] :
         {std::pair{"grpc", out_.listen.grpc}, std::pair{"http", out_.listen.http}}) {
      if (!address || address->port == 0) continue;  // 0: refused already
      const auto [other, is_new] = taken.emplace(*address, key);
      if (!is_new) {
        listen.nearest(key).refuse("another port for every protocol",
                                   cat("it is the address of ", other->second));
      }
    }
  }

  void read_tls(const Cursor& at, Tls& out) const {
    read_path(at, "ca", out.ca);
    read_path(at, "certificate", out.certificate);
    read_path(at, "key", out.key);
    out.client_ca = out.ca;
    read_path(at, "client_ca", out.client_ca);
  }

  void read_tokens(const Cursor& at) {
    if (at.node().is(json::Kind::kArray)) return read_token_list(at, out_.tokens);
    read_path(at_, "tokens", out_.token_file);
  }

  const Cursor& at_;
  std::string_view directory_;
  NodeSettings out_;
};

}  // namespace

std::expected<NodeSettings, json::Problems> parse_node(std::string_view text, std::string_view directory) {
  const auto document = json::parse(text);
  if (!document) return std::unexpected(document.error());
  json::Problems problems = node_schema().check(*document);
  if (!problems.empty()) return std::unexpected(in_order(std::move(problems)));
  const Cursor root(*document, problems);
  NodeSettings settings = NodeReader(root, directory).settings();
  if (!problems.empty()) return std::unexpected(in_order(std::move(problems)));
  return settings;
}

std::expected<std::vector<Token>, json::Problems> parse_tokens(std::string_view text) {
  const auto document = json::parse(text);
  if (!document) return std::unexpected(document.error());
  json::Problems problems = node_schema().check(*document, "token_list");
  if (!problems.empty()) return std::unexpected(in_order(std::move(problems)));
  std::vector<Token> tokens;
  read_token_list(Cursor(*document, problems), tokens);
  if (!problems.empty()) return std::unexpected(in_order(std::move(problems)));
  return tokens;
}

}  // namespace lockstep::config
