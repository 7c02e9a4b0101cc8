// Starting, waiting and ending; the wait for a leader is the only one that polls.
#include "tests/api/real_cluster.h"

#include <filesystem>
#include <future>

#include "base/check.h"
#include "storage/sql/database.h"

namespace lockstep::tests {

using namespace std::chrono_literals;

RealCluster::RealCluster(ClusterOptions options) : options_(std::move(options)) {
  sql::initialise_sqlite(1);
  options_.gateway.tokens = options_.tokens;
  std::map<NodeId, net::Tcp::acceptor> acceptors;
  for (std::uint64_t node = 1; node <= options_.nodes; ++node) {
    auto acceptor = net::listen(loop_.context(), {.host = "127.0.0.1", .port = 0});
    CHECK(acceptor.has_value(), acceptor.error().message);
    endpoints_[NodeId(node)] = {.host = "127.0.0.1", .port = acceptor->local_endpoint().port()};
    acceptors.emplace(NodeId(node), std::move(*acceptor));
  }
  for (auto& [node, acceptor] : acceptors) {
    start(node);
    host(node).transport().serve(std::move(acceptor));
  }
  thread_ = std::thread([this] { loop_.run(); });
}

RealCluster::~RealCluster() {
  on_loop([this] { members_.clear(); });
  loop_.stop();
  thread_.join();
}

RealCluster::Member::~Member() {
  for (const auto& end : ends) end();
  gateway.reset();
}

void RealCluster::start(NodeId node) {
  const std::string home = directory_ / cat("n", node);
  std::filesystem::create_directories(home);
  net::HostOptions options;
  options.place = {.self = node, .cluster = kCluster};
  options.seed = node.value();
  options.data_directory = home;
  options.transport.kind = net::PartyKind::kMember;
  options.transport.boot = node.value();
  options.transport.limits = options_.limits;
  if (options_.tokens) options.transport.authenticate = api::make_authenticate(options_.tokens);
  for (const auto& [id, endpoint] : endpoints_)
    if (id != node) options.transport.peers[id] = endpoint;
  auto member = std::make_unique<Member>();
  member->host = std::make_unique<net::Host>(loop_, std::move(options), [this](const env::Env& env) {
    service::NodeConfig config;
    config.replica.raft.self = env.self;
    config.replica.raft.voters = members();
    config.replica.raft.seed = env.seed;
    config.transactions.pause_before_commit = options_.pause_before_commit;
    return std::make_unique<service::Node>(env, config);
  });
  if (options_.tokens) member->host->filter_clients(api::make_client_filter(options_.tokens));
  member->gateway = std::make_unique<api::Gateway>(loop_, *member->host, options_.gateway);
  member->host->start();
  members_[node] = std::move(member);
}

std::vector<NodeId> RealCluster::members() const {
  std::vector<NodeId> all;
  for (const auto& [node, endpoint] : endpoints_) all.push_back(node);
  return all;
}

void RealCluster::on_loop(const std::function<void()>& work) {
  std::promise<void> done;
  loop_.post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

NodeId RealCluster::leader_now() {
  NodeId leader;
  on_loop([&] {
    for (const auto& [node, member] : members_)
      if (static_cast<service::Node&>(member->host->actor()).replica().view().can_serve) leader = node;
  });
  return leader;
}

NodeId RealCluster::leader() {
  const auto give_up = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < give_up) {
    if (const NodeId leader = leader_now(); !leader.is_none()) return leader;
    std::this_thread::sleep_for(10ms);
  }
  CHECK(false, "no leader within a minute");
  return NodeId();
}

NodeId RealCluster::follower() {
  const NodeId leads = leader();
  for (const auto& [node, member] : members_)
    if (node != leads) return node;
  return NodeId();
}

void RealCluster::kill(NodeId node) {
  on_loop([&] { members_.erase(node); });
}

wire::Reply RealCluster::call(NodeId node, wire::Request request, api::Access access, Duration timeout) {
  std::promise<wire::Reply> answer;
  loop_.post([&] {
    gateway(node).call(request, access, timeout,
                       [&](wire::Reply& reply) { answer.set_value(std::move(reply)); });
  });
  return answer.get_future().get();
}

wire::Reply RealCluster::execute(NodeId node, const std::string& sql) {
  return call(node, write_request(sql));
}

wire::Request write_request(const std::string& sql) {
  wire::Request request;
  request.mutable_write()->mutable_write()->add_statements()->set_sql(sql);
  return request;
}

wire::Request query_request(const std::string& sql, wire::ReadLevel level) {
  wire::Request request;
  request.mutable_query()->mutable_statement()->set_sql(sql);
  request.mutable_query()->set_level(level);
  return request;
}

}  // namespace lockstep::tests
