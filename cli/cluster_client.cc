// The client library on a real host, made blocking: the loop runs until the answer is there.
#include "cli/cluster_client.h"

#include <signal.h>

#include <charconv>
#include <set>

#include "base/text.h"
#include "cli/endpoint.h"
#include "cli/random_number.h"
#include "net/introduction.h"

namespace lockstep::cli {
namespace {

constexpr Duration kSilence = std::chrono::seconds(1);  // after which people wonder
constexpr Duration kPatienceWithAbsent = std::chrono::milliseconds(200);
constexpr Duration kHedge = std::chrono::milliseconds(250);
constexpr std::uint64_t kFirstRawCall = 1ull << 63;  // the library counts from 1

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
  cluster_ = options.cluster;
  token_ = options.token;
  std::set<NodeId> seen;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    NodeAddress node = nodes[i];
    const auto& answer = answers[i];
    const std::string trouble = answer ? objection_to(*answer, node, cluster_) : answer.error().message;
    if (answer && !trouble.empty())
      return fail(ErrorCode::kInvalidArgument, cat(name_of(node), ": ", trouble));
    if (answer) cluster_ = answer->cluster;
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
  config.frames_may_repeat = false;
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

// Those without a number: of the others the library knows, and dials them by itself.
void ClusterClient::ask_absent_again() {
  std::vector<net::Endpoint> endpoints;
  std::vector<AbsentNode> unknown;
  std::erase_if(absent_, [&](const AbsentNode& absent) {
    if (!absent.node.id.is_none()) return false;
    endpoints.push_back(endpoint_of(absent.node.address));
    unknown.push_back(absent);
    return true;
  });
  if (unknown.empty()) return;
  const auto answers = net::ask_who(loop_, endpoints, token_, security_.get(),
                                    {.at_most = kPatienceWithAbsent, .with_the_others = kPatienceWithAbsent});
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    AbsentNode absent = std::move(unknown[i]);
    absent.trouble =
        answers[i] ? objection_to(*answers[i], absent.node, cluster_) : answers[i].error().message;
    const bool is_known = answers[i] && host_->transport().dialler().knows(answers[i]->node);
    if (absent.trouble.empty() && is_known)
      absent.trouble = cat("it is n", answers[i]->node, ", which is known already");
    if (!absent.trouble.empty()) {
      absent_.push_back(std::move(absent));
      continue;
    }
    absent.node.id = answers[i]->node;
    nodes_.push_back(absent.node);
    host_->transport().add_peer(absent.node.id, endpoints[i]);
    process_->add_node(absent.node.id);
    if (tell_) tell_(cat(to_text(absent.node.address), " answers now: it is n", absent.node.id));
  }
}

void ClusterClient::while_waiting() {
  ask_absent_again();
  if (!tell_) return;
  const std::string why = reasons(process_->last_reply(), {});
  tell_(cat("still waiting", why.empty() ? "" : ": ", why));
}

client::Completion ClusterClient::wait(Kind kind,
                                       const std::function<void(client::ClientProcess::Then)>& call) {
  std::optional<client::Completion> answer;
  interrupted_ = false;
  kind_ = kind;
  loop_.context().poll();  // what came while nobody waited, an interrupt too, is not this call's
  waiting_ = true;
  host_->turn([&] { call([&answer](const client::Completion& completion) { answer = completion; }); });
  const auto is_answered = [&] { return answer.has_value(); };
  if (!loop_.run_until(is_answered, kSilence)) while_waiting();
  // The library ends every call at its deadline.
  while (!loop_.run_until(is_answered, kSilence)) ask_absent_again();
  waiting_ = false;
  return std::move(*answer);
}

client::Completion ClusterClient::write(std::vector<wire::Statement> statements, client::WriteOptions options,
                                        Duration timeout) {
  return wait(Kind::kWrite, [&](auto then) {
    process_->write(std::move(statements), std::move(options), timeout, std::move(then));
  });
}

client::Completion ClusterClient::query(wire::Statement statement, client::ReadOptions options,
                                        Duration timeout) {
  return wait(Kind::kRead,
              [&](auto then) { process_->query(std::move(statement), options, timeout, std::move(then)); });
}

client::Completion ClusterClient::maintain(wire::Maintain::What what, Duration timeout) {
  return wait(Kind::kRead, [&](auto then) { process_->maintain(what, timeout, std::move(then)); });
}

Result<std::uint64_t> ClusterClient::version(const std::string& table, std::optional<NodeId> at,
                                             Duration timeout) {
  const auto done =
      wait(Kind::kRead, [&](auto then) { process_->get_version(table, at, timeout, std::move(then)); });
  if (done.conclusion != client::Conclusion::kDone)
    return fail(ErrorCode::kUnavailable, trouble_of(done, at));
  return done.reply.version();
}

Result<wire::StatusReply> ClusterClient::status(NodeId node, Duration timeout) {
  const auto done = wait(Kind::kRead, [&](auto then) { process_->status(node, timeout, std::move(then)); });
  if (done.conclusion != client::Conclusion::kDone)
    return fail(ErrorCode::kUnavailable, trouble_of(done, node));
  return done.reply.node_status();
}

std::optional<wire::Reply> ClusterClient::ask(NodeId node, wire::Request request, Duration timeout) {
  host_->turn([&] { process_->send(node, request); });
  loop_.run_until([&] { return process_->is_settled(); }, timeout);
  return process_->take_reply();
}

// What has been answered, and which nodes cannot be reached. `at`: the only one that matters.
std::string ClusterClient::reasons(const wire::Reply* last, std::optional<NodeId> at) const {
  std::string out;
  if (last != nullptr && last->status() != wire::STATUS_NONE) {
    append_text(out, wire::ReplyStatus_Name(last->status()));
    if (!last->message().empty()) append_text(out, cat(" (", last->message(), ")"));
  }
  for (const NodeAddress& node : nodes_) {
    const std::string reason = at && *at != node.id ? "" : host_->transport().dialler().trouble_with(node.id);
    if (!reason.empty()) append_text(out, cat(out.empty() ? "" : "; ", reason));
  }
  return out;
}

std::string ClusterClient::trouble_of(const client::Completion& completion, std::optional<NodeId> at) const {
  if (completion.conclusion == client::Conclusion::kDone) return {};
  const bool unknown = completion.conclusion == client::Conclusion::kUnknown;
  const std::string_view unknown_outcome = "the outcome is unknown, the write may have happened";
  const std::string_view no_effect =
      kind_ == Kind::kWrite ? "the write has had no effect and will have none" : "";
  if (interrupted_) {
    if (unknown) return cat("cancelled; ", unknown_outcome, " or may still happen");
    return cat("cancelled", no_effect.empty() ? "" : "; ", no_effect);
  }
  const std::string why = reasons(&completion.reply, at);
  const bool answered = completion.reply.status() != wire::STATUS_NONE;
  return cat(unknown ? unknown_outcome : "no success in time", unknown || no_effect.empty() ? "" : ", ",
             unknown ? "" : no_effect, answered ? ": " : ": no answer",
             answered || why.empty() ? why : cat(" (", why, ")"));
}

}  // namespace lockstep::cli
