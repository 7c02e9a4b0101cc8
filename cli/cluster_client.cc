// The client library on a real host, made blocking: the loop runs until the answer is there.
#include "cli/cluster_client.h"

#include <signal.h>

#include <charconv>
#include <set>

#include "base/text.h"
#include "cli/random_number.h"
#include "net/introduction.h"

namespace lockstep::cli {
namespace {

constexpr Duration kHedge = std::chrono::milliseconds(250);
constexpr std::uint64_t kFirstRawCall = 1ull << 63;  // the library counts from 1

net::Endpoint endpoint_of(const config::Address& address) {
  return {.host = address.host, .port = address.port};
}

std::string name_of(const NodeAddress& node) {
  return node.id.is_none() ? to_text(node.address) : cat("n", node.id, " at ", to_text(node.address));
}

// What the introduction of a node says against the command line.
std::string objection_to(const net::Introduction& found, const NodeAddress& node, ClusterId cluster) {
  if (!node.id.is_none() && found.node != node.id)
    return cat("expected node ", node.id, ", found node ", found.node);
  if (!cluster.is_none() && found.cluster != cluster) return "it belongs to another cluster";
  return {};
}

}  // namespace

// The library's process, which also lets requests pass that are made by hand.
class ClusterClient::Process final : public client::ClientProcess {
 public:
  Process(const env::Env& env, client::Config config) : ClientProcess(env, std::move(config)), env_(env) {}

  void send(NodeId to, wire::Request& request) {
    request.set_call(++last_raw_call_);
    raw_to_ = to;
    raw_reply_.reset();
    raw_lost_ = false;
    env_.transport.send(to, Channel::kRequest, request.SerializeAsString());
  }
  // Of the request that was sent last. No answer any more: it is lost.
  bool is_settled() const { return raw_reply_ || raw_lost_; }
  std::optional<wire::Reply> take_reply() { return std::exchange(raw_reply_, std::nullopt); }

  void on_lost(NodeId node, bool was_connected) {
    raw_lost_ = raw_lost_ || node == raw_to_;
    on_unreachable(node, was_connected);
  }
  void on_message(NodeId from, Channel channel, BytesView payload) override {
    wire::Reply reply;
    const bool raw = channel == Channel::kReply &&
                     reply.ParseFromArray(payload.data(), static_cast<int>(payload.size())) &&
                     reply.call() >= kFirstRawCall;
    if (!raw) return ClientProcess::on_message(from, channel, payload);
    if (reply.call() == last_raw_call_) raw_reply_ = std::move(reply);
  }

 private:
  env::Env env_;
  std::uint64_t last_raw_call_ = kFirstRawCall;
  NodeId raw_to_;
  std::optional<wire::Reply> raw_reply_;
  bool raw_lost_ = false;
};

Result<std::vector<NodeAddress>> parse_nodes(std::string_view text) {
  std::vector<NodeAddress> out;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t equals = part.find('=');
    NodeAddress node;
    if (equals != std::string_view::npos) {
      std::uint64_t id = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + equals, id);
      if (error != std::errc() || end != part.data() + equals || id == 0) {
        return fail(ErrorCode::kInvalidArgument,
                    cat("expected NODE=HOST:PORT with a node's number, found \"", part, "\""));
      }
      node.id = NodeId(id);
    }
    LOCKSTEP_TRY(address,
                 config::parse_address(equals == std::string_view::npos ? part : part.substr(equals + 1)));
    node.address = std::move(address);
    out.push_back(std::move(node));
  }
  if (out.empty())
    return fail(ErrorCode::kInvalidArgument, "expected addresses, such as 127.0.0.1:4001,127.0.0.1:4011");
  return out;
}

wire::Statement statement_of(std::string_view sql) {
  wire::Statement out;
  out.set_sql(std::string(sql));
  return out;
}

Result<std::unique_ptr<ClusterClient>> ClusterClient::create(const ConnectOptions& options) {
  std::unique_ptr<ClusterClient> out(new ClusterClient());
  if (options.tls.authority.empty()) return out;
  LOCKSTEP_TRY(security, net::TlsSecurity::create(options.tls, {}));
  out->security_ = std::move(security);
  return out;
}

Result<std::unique_ptr<ClusterClient>> ClusterClient::connect(const std::vector<NodeAddress>& nodes,
                                                              const ConnectOptions& options) {
  LOCKSTEP_TRY(out, create(options));
  LOCKSTEP_TRY_STATUS(out->introduce(nodes, options));
  out->open(options);
  return out;
}

Result<std::unique_ptr<ClusterClient>> ClusterClient::without_introduction(
    const std::vector<NodeAddress>& nodes, const ConnectOptions& options) {
  LOCKSTEP_TRY(out, create(options));
  out->nodes_ = nodes;
  out->open(options);
  return out;
}

// Fills in the numbers. The cluster to talk to is that of the first who answers.
Status ClusterClient::introduce(const std::vector<NodeAddress>& nodes, const ConnectOptions& options) {
  std::vector<net::Endpoint> endpoints;
  for (const NodeAddress& node : nodes) endpoints.push_back(endpoint_of(node.address));
  const auto answers = net::ask_who(loop_, endpoints, options.token, security_.get(),
                                    {.with_the_others = options.patience_with_others});
  ClusterId cluster = options.cluster;
  std::set<NodeId> seen;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    NodeAddress node = nodes[i];
    const auto& answer = answers[i];
    const std::string trouble = answer ? objection_to(*answer, node, cluster) : answer.error().message;
    if (answer && !trouble.empty())
      return fail(ErrorCode::kInvalidArgument, cat(name_of(node), ": ", trouble));
    if (answer) cluster = answer->cluster;
    if (answer) node.id = answer->node;
    if (!answer) absent_.push_back({node, trouble});
    if (node.id.is_none()) continue;
    if (!seen.insert(node.id).second) {
      return fail(ErrorCode::kInvalidArgument,
                  cat("expected every node once, node ", node.id, " stands there twice"));
    }
    nodes_.push_back(std::move(node));
  }
  if (absent_.size() < nodes.size()) return {};
  std::string all;
  for (const AbsentNode& absent : absent_)
    append_text(all, cat(all.empty() ? "" : "; ", name_of(absent.node), ": ", absent.trouble));
  return fail(ErrorCode::kUnavailable, cat("no node answers: ", all));
}

void ClusterClient::open(const ConnectOptions& how) {
  net::HostOptions options;
  options.place.self = NodeId(random_number() >> 2 | 1ull << 62);  // nobody else's
  options.place.cluster = how.cluster;
  options.seed = random_number();
  options.transport.kind = net::PartyKind::kClient;
  options.transport.boot = random_number();
  options.transport.token = how.token;
  options.transport.security = security_.get();
  // The library waits between its attempts, so each of them may dial.
  options.transport.limits.redial_min = options.transport.limits.redial_max = {};
  options.transport.on_lost = [this](NodeId node, bool was_connected) {
    host_->turn([&] { process_->on_lost(node, was_connected); });
  };
  client::Config config;
  config.attempt_timeout = how.attempt_timeout;
  config.hedge_after = kHedge;
  for (const NodeAddress& node : nodes_) {
    options.transport.peers[node.id] = endpoint_of(node.address);
    config.nodes.push_back(node.id);
  }
  host_ = std::make_unique<net::Host>(loop_, std::move(options), [&](const env::Env& env) {
    config.seed = env.seed;
    auto process = std::make_unique<Process>(env, config);
    process_ = process.get();
    return process;
  });
  host_->start();
  for (const AbsentNode& absent : absent_)
    host_->turn([&] { process_->on_unreachable(absent.node.id, false); });
}

ClusterClient::~ClusterClient() = default;

void ClusterClient::catch_interrupts() {
  interrupts_.emplace(loop_.context(), SIGINT);
  wait_for_interrupt();
}

void ClusterClient::wait_for_interrupt() {
  interrupts_->async_wait([this](const net::IoError& error, int) {
    if (error) return;
    if (waiting_) {
      interrupted_ = true;
      host_->turn([this] { process_->give_up(); });
    }
    wait_for_interrupt();
  });
}

client::Completion ClusterClient::wait(const std::function<void(client::ClientProcess::Then)>& call) {
  std::optional<client::Completion> answer;
  interrupted_ = false;
  loop_.context().poll();  // what came while nobody waited, an interrupt too, is not this call's
  waiting_ = true;
  host_->turn([&] { call([&answer](const client::Completion& completion) { answer = completion; }); });
  // The library ends every call at its deadline.
  while (!answer) loop_.run_until([&] { return answer.has_value(); }, kTimeout);
  waiting_ = false;
  return std::move(*answer);
}

client::Completion ClusterClient::write(std::vector<wire::Statement> statements, client::WriteOptions options,
                                        Duration timeout) {
  return wait([&](auto then) {
    process_->write(std::move(statements), std::move(options), timeout, std::move(then));
  });
}

client::Completion ClusterClient::query(wire::Statement statement, client::ReadOptions options,
                                        Duration timeout) {
  return wait([&](auto then) { process_->query(std::move(statement), options, timeout, std::move(then)); });
}

client::Completion ClusterClient::maintain(wire::Maintain::What what, Duration timeout) {
  return wait([&](auto then) { process_->maintain(what, timeout, std::move(then)); });
}

Result<std::uint64_t> ClusterClient::version(const std::string& table, std::optional<NodeId> at,
                                             Duration timeout) {
  const auto done = wait([&](auto then) { process_->get_version(table, at, timeout, std::move(then)); });
  if (done.conclusion != client::Conclusion::kDone)
    return fail(ErrorCode::kUnavailable, trouble_of(done, at));
  return done.reply.version();
}

Result<wire::StatusReply> ClusterClient::status(NodeId node, Duration timeout) {
  const auto done = wait([&](auto then) { process_->status(node, timeout, std::move(then)); });
  if (done.conclusion != client::Conclusion::kDone)
    return fail(ErrorCode::kUnavailable, trouble_of(done, node));
  return done.reply.node_status();
}

std::optional<wire::Reply> ClusterClient::ask(NodeId node, wire::Request request, Duration timeout) {
  host_->turn([&] { process_->send(node, request); });
  loop_.run_until([&] { return process_->is_settled(); }, timeout);
  return process_->take_reply();
}

std::string ClusterClient::trouble_of(const client::Completion& completion, std::optional<NodeId> at) const {
  if (completion.conclusion == client::Conclusion::kDone) return {};
  const bool unknown = completion.conclusion == client::Conclusion::kUnknown;
  const std::string_view unknown_outcome = "the outcome is unknown, the write may have happened";
  if (interrupted_)
    return unknown ? cat("cancelled; ", unknown_outcome, " or may still happen") : "cancelled";
  std::string out(unknown ? unknown_outcome : "no success in time");
  const wire::Reply& last = completion.reply;
  if (last.status() != wire::STATUS_NONE) {
    append_text(out, cat(": ", wire::ReplyStatus_Name(last.status())));
    if (!last.message().empty()) append_text(out, cat(" (", last.message(), ")"));
    return out;
  }
  std::string reasons;
  for (const NodeAddress& node : nodes_) {
    const std::string reason = at && *at != node.id ? "" : host_->transport().dialler().trouble_with(node.id);
    if (!reason.empty()) append_text(reasons, cat(reasons.empty() ? "" : "; ", reason));
  }
  return cat(out, ": no answer", reasons.empty() ? "" : cat(" (", reasons, ")"));
}

}  // namespace lockstep::cli
