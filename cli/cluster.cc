// Starting, watching and stopping the nodes of a local cluster.
#include "cli/cluster.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "base/join.h"
#include "base/text.h"
#include "cli/companions.h"
#include "cli/local_cluster.h"
#include "cli/table.h"
#include "core/raft/types.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Duration kPatience = 30s;  // until a leader serves, and until a process has ended
constexpr Duration kSlowStart = 3s;  // for nodes that the cluster does not need
constexpr int kBadInput = 2;

int complain(const Error& error, std::ostream& err) {
  err << "lockstep cluster: " << error.message << '\n';
  const bool input = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kRefused ||
                     error.code == ErrorCode::kNotFound;
  return input ? kBadInput : 1;
}

// One start or stop of a cluster at a time.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& directory)
      : descriptor_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    held_ = descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  }
  ~DirectoryLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  Status held(const std::string& directory) const {
    if (held_) return {};
    return fail(ErrorCode::kUnavailable,
                cat(directory, ": expected to be the only one who starts or stops this cluster now"));
  }

 private:
  int descriptor_;
  bool held_ = false;
};

// ---- how the nodes are -------------------------------------------------------------------------------

struct NodeState {
  const LocalNode* node = nullptr;
  pid_t pid = 0;  // 0: no process
  std::optional<wire::StatusReply> status;
  std::string trouble;  // why there is no status
};

std::vector<NodeState> look_at(const LocalCluster& cluster, Duration patience) {
  std::vector<NodeState> out;
  ConnectOptions options;
  options.cluster = cluster.id();
  // Numbers are known, so nobody has to be asked and nothing can be refused.
  const auto client = ClusterClient::without_introduction(cluster.addresses(), options);
  for (const LocalNode& node : cluster.nodes()) {
    NodeState state{.node = &node, .pid = 0, .status = {}, .trouble = {}};
    if (const auto process = node.process()) {
      state.pid = process->pid();
      if (client) {
        auto status = (*client)->status(node.id, patience);
        if (status) state.status = std::move(*status);
        if (!status) state.trouble = status.error().message;
      }
    }
    out.push_back(std::move(state));
  }
  return out;
}

bool serves(const std::vector<NodeState>& states) {
  return std::any_of(states.begin(), states.end(),
                     [](const NodeState& state) { return state.status && state.status->can_serve(); });
}

std::string_view state_of(const NodeState& state) {
  return state.pid == 0 ? "stopped" : state.status ? "running" : "silent";
}

std::string text_of(const std::optional<config::Address>& address) {
  return address ? to_text(*address) : "";
}

std::string role_of(const wire::StatusReply& status) {
  return std::string(raft::to_string(static_cast<raft::Role>(status.role())));
}

void print_table(const std::vector<NodeState>& states, std::ostream& out) {
  std::vector<TextRow> rows;
  for (const NodeState& state : states) {
    const config::Listen& listen = state.node->settings.listen;
    TextRow row{state.node->name, std::string(state_of(state))};
    if (const auto& status = state.status) {
      row.push_back(role_of(*status));
      row.push_back(cat(status->term()));
      row.push_back(cat(status->commit_index()));
      row.push_back(cat(status->applied_index()));
      row.push_back(status->leader() == 0 ? "" : cat("n", status->leader()));
    } else {
      row.resize(7);
    }
    row.push_back(state.pid == 0 ? "" : cat(state.pid));
    row.push_back(to_text(listen.native));
    row.push_back(text_of(listen.http));
    row.push_back(text_of(listen.grpc));
    rows.push_back(std::move(row));
  }
  out << to_table(
      {"node", "state", "role", "term", "commit", "applied", "leader", "process", "native", "http", "grpc"},
      rows);
  for (const NodeState& state : states) {
    const std::string why = state.pid == 0 ? state.node->why_it_ended() : state.trouble;
    if (!why.empty())
      out << state.node->name << (state.pid == 0 ? " has ended: " : " does not answer: ") << why << '\n';
  }
}

nlohmann::ordered_json json_of(const NodeState& state) {
  using Json = nlohmann::ordered_json;
  const auto text_or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  const config::Listen& listen = state.node->settings.listen;
  Json out{{"node", state.node->id.value()},
           {"state", state_of(state)},
           {"process", state.pid == 0 ? Json() : Json(state.pid)},
           {"native", to_text(listen.native)},
           {"http", text_or_null(text_of(listen.http))},
           {"grpc", text_or_null(text_of(listen.grpc))},
           {"log", state.node->log_file()}};
  if (const auto& status = state.status) {
    out["role"] = role_of(*status);
    out["term"] = status->term();
    out["leader"] = status->leader() == 0 ? Json() : Json(status->leader());
    out["commit"] = status->commit_index();
    out["applied"] = status->applied_index();
    out["serves"] = status->can_serve();
  } else if (state.pid != 0) {
    out["trouble"] = state.trouble;
  } else {
    out["ended"] = state.node->why_it_ended();
  }
  return out;
}

// ---- start -------------------------------------------------------------------------------------------

struct Started {
  const LocalNode* node;
  StartedProcess process;
};

Result<Started> start_node(const LocalCluster& cluster, const LocalNode& node) {
  LOCKSTEP_TRY_STATUS(cluster.expect_data_found(node));
  LOCKSTEP_TRY(process, start_process(node, {"node", "--config", node.config_file()}));
  return Started{&node, std::move(process)};
}

// Of nodes that were started, the one that has ended, with what it said last.
struct Ended {
  const LocalNode* node;
  std::string words;
};

std::vector<Ended> ended_among(const std::vector<Started>& started) {
  std::vector<Ended> out;
  for (const Started& one : started)
    if (one.process.has_ended()) out.push_back({one.node, why_it_ended(one.process.last_words())});
  return out;
}

std::string to_text(const std::vector<Ended>& ended) {
  std::string out;
  for (const Ended& one : ended)
    append_text(out, cat(out.empty() ? "" : "\n", one.node->name, " has ended: ", one.words));
  return out;
}

// Nothing half-started is left behind.
void take_back(const std::vector<Started>& started) {
  for (const Started& one : started) {
    if (const auto process = Process::find(one.process.pid)) process->signal(SIGTERM);
  }
  for (const Started& one : started) {
    if (const auto process = Process::find(one.process.pid)) process->wait(kPatience);
  }
}

struct Running {
  std::vector<NodeState> states;
  std::vector<Ended> ended;
};

// Until a leader serves and, as far as possible, all others answer. Nodes that end are gone without, as long
// as a majority is left; not in a cluster that `is_new`, where each says what is wrong with it.
Result<Running> wait_for_leader(const LocalCluster& cluster, const std::vector<Started>& started,
                                bool is_new) {
  const auto begin = std::chrono::steady_clock::now();
  const std::size_t all = cluster.nodes().size();
  for (;;) {
    std::vector<Ended> ended = ended_among(started);
    const std::size_t left = all - ended.size();
    const bool too_few = left <= all / 2;
    if (!ended.empty() && (is_new || too_few)) {
      std::string why = to_text(ended);
      if (too_few && all > 1)
        append_text(why, cat("\n", left, " of ", all, " nodes are left, and a leader needs ", all / 2 + 1));
      return fail(ErrorCode::kRefused, std::move(why));
    }
    auto states = look_at(cluster, 500ms);
    const auto waited = std::chrono::steady_clock::now() - begin;
    const bool all_answer = std::all_of(states.begin(), states.end(), [](const NodeState& state) {
      return state.status.has_value() || state.pid == 0;
    });
    // One that has ended in between is told of in the next round.
    if (serves(states) &&
        ((all_answer && ended.size() == ended_among(started).size()) || waited > kSlowStart))
      return Running{std::move(states), std::move(ended)};
    if (waited > kPatience) {
      return fail(ErrorCode::kUnavailable,
                  cat("no leader serves after ", to_string(kPatience), "; the logs are ", cluster.directory(),
                      "/n*.log", ended.empty() ? "" : "\n", to_text(ended)));
    }
    std::this_thread::sleep_for(50ms);
  }
}

// The directory of a cluster that is being made. If it cannot be started, nothing of it is left.
class Scaffold {
 public:
  explicit Scaffold(const std::string& directory) : directory_(directory) {
    std::error_code ignored;
    had_place_ = fs::exists(directory, ignored);
  }
  void set_up() { is_mine_ = true; }
  bool is_new() const { return is_mine_; }
  void take_down() const {
    std::error_code ignored;
    if (!is_mine_) return;
    if (!had_place_) fs::remove_all(directory_, ignored);
    if (had_place_)  // it was empty
      for (const auto& entry : fs::directory_iterator(directory_, ignored))
        fs::remove_all(entry.path(), ignored);
  }

 private:
  std::string directory_;
  bool had_place_ = false;
  bool is_mine_ = false;
};

Status same_companions(const ClusterArguments& arguments, const LocalCluster& cluster) {
  const auto& companions = cluster.companions();
  const auto edges = static_cast<std::uint32_t>(
      std::ranges::count_if(companions, [](const Companion& one) { return !one.is_cloud(); }));
  const bool has_cloud = edges < companions.size();
  const bool is_hub = cluster.nodes()[0].settings.hub.has_value();
  const bool other = (arguments.edges && *arguments.edges != edges) || (arguments.cloud && !has_cloud) ||
                     (arguments.hub && !is_hub);
  if (!other) return {};
  return fail(ErrorCode::kRefused, cat(arguments.directory, ": expected no --edges, --cloud or --hub, or those of the cluster "
                                       "that is there already; more edges come with `lockstep edge --dir ",
                                       arguments.directory, " --name ...`"));
}

Result<LocalCluster> create_or_open(const ClusterArguments& arguments, Scaffold& scaffold) {
  if (!LocalCluster::exists(arguments.directory)) {
    auto made = LocalCluster::create(arguments.directory, {.nodes = arguments.nodes.value_or(3),
                                                           .port = arguments.port.value_or(config::kDefaultPort),
                                                           .edges = arguments.edges.value_or(0),
                                                           .cloud = arguments.cloud,
                                                           .hub = arguments.hub});
    if (made) scaffold.set_up();
    return made;
  }
  LOCKSTEP_TRY(cluster, LocalCluster::open(arguments.directory));
  const bool other_count = arguments.nodes && *arguments.nodes != cluster.nodes().size();
  const bool other_port = arguments.port && *arguments.port != cluster.nodes()[0].settings.listen.native.port;
  if (other_count || other_port) {
    return fail(
        ErrorCode::kRefused,
        cat(arguments.directory, ": expected no --nodes or --port, or those of the ", cluster.nodes().size(),
            " nodes from ", to_text(cluster.nodes()[0].settings.listen.native), " that are there already"));
  }
  LOCKSTEP_TRY_STATUS(same_companions(arguments, cluster));
  return cluster;
}

std::string connect_with(const LocalCluster& cluster, const std::string& program) {
  std::string nodes;
  for (const NodeAddress& node : cluster.addresses())
    append_text(nodes, cat(nodes.empty() ? "" : ",", to_text(node.address)));
  return cat("connect: ", program, " sql --dir ", cluster.directory(), "\n     or: ", program,
             " sql --nodes ", nodes, "\n   stop: ", program, " cluster stop --dir ", cluster.directory(),
             "\n");
}

int show_started(const LocalCluster& cluster, const std::vector<NodeState>& states,
                 const std::string& program, std::ostream& out) {
  print_table(states, out);
  print_companions(cluster, out);
  out << connect_with(cluster, program);
  return serves(states) ? 0 : 1;
}

// What was served once must not be missing without a word.
Status expect_data_of(const LocalCluster& cluster, const std::vector<NodeState>& states) {
  for (const NodeState& state : states)
    if (state.status) LOCKSTEP_TRY_STATUS(cluster.expect_data(*state.node));
  return {};
}

}  // namespace

int start_cluster(const ClusterArguments& arguments, std::ostream& out, std::ostream& err) {
  Scaffold scaffold(arguments.directory);
  auto cluster = create_or_open(arguments, scaffold);
  if (!cluster) return complain(cluster.error(), err);
  const DirectoryLock lock(arguments.directory);
  if (const Status held = lock.held(arguments.directory); !held) return complain(held.error(), err);
  std::vector<LocalNode> nodes = cluster->nodes();
  const auto to_start =
      std::partition(nodes.begin(), nodes.end(), [](const LocalNode& node) { return !!node.process(); });
  if (to_start == nodes.end()) {
    const CompanionsStarted beside = start_companions(*cluster);
    err << "all nodes of " << arguments.directory << " run already"
        << (beside.names.empty() ? "" : "; started: ") << joined(beside.names) << "\n";
    if (!beside.status) return complain(beside.status.error(), err);
    return show_started(*cluster, look_at(*cluster, 2s), arguments.program, out);
  }
  for (auto node = nodes.begin(); node != to_start; ++node) err << node->name << " runs already\n";
  std::vector<Started> started;
  for (auto node = to_start; node != nodes.end(); ++node) {
    const auto one = start_node(*cluster, *node);
    if (!one) {
      take_back(started);
      scaffold.take_down();
      return complain(one.error(), err);
    }
    started.push_back(*one);
  }
  const auto running = wait_for_leader(*cluster, started, scaffold.is_new());
  if (!running) {
    take_back(started);
    // Where no node said why, the logs may.
    if (running.error().code == ErrorCode::kRefused) scaffold.take_down();
    err << "lockstep cluster: " << running.error().message
        << "\nnothing was left running that was started now\n";
    return 1;
  }
  const Status expected = expect_data_of(*cluster, running->states);
  const Status begun = expected ? start_companions(*cluster).status : Status();
  const int code = show_started(*cluster, running->states, arguments.program, out);
  if (!expected) return complain(expected.error(), err);
  if (!begun) return complain(begun.error(), err);
  if (running->ended.empty()) return code;
  err << "lockstep cluster: " << to_text(running->ended) << "\nthe others serve without it\n";
  return 1;
}

int show_cluster(const ClusterArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto cluster = LocalCluster::open(arguments.directory);
  if (!cluster) return complain(cluster.error(), err);
  const auto states = look_at(*cluster, 2s);
  if (arguments.json) {
    nlohmann::ordered_json document{{"directory", cluster->directory()},
                                    {"serves", serves(states)},
                                    {"nodes", nlohmann::ordered_json::array()}};
    for (const NodeState& state : states) document["nodes"].push_back(json_of(state));
    if (!cluster->companions().empty()) document["companions"] = companions_json(*cluster);
    out << document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  } else {
    print_table(states, out);
    print_companions(*cluster, out);
    if (!serves(states)) out << "no leader serves: reads at single nodes may work, writes do not\n";
  }
  return serves(states) ? 0 : 1;
}

int stop_cluster(const ClusterArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto cluster = LocalCluster::open(arguments.directory);
  if (!cluster) return complain(cluster.error(), err);
  const DirectoryLock lock(arguments.directory);
  if (const Status held = lock.held(arguments.directory); !held) return complain(held.error(), err);
  const bool companions = stop_companions(*cluster, arguments.kill, kPatience, out, err);
  const auto& nodes = cluster->nodes();
  const bool all = stop_processes({nodes.begin(), nodes.end()}, arguments.kill, kPatience, out, err);
  return companions && all ? 0 : 1;
}

}  // namespace lockstep::cli
