// The client library on a real host, made blocking: the loop runs until the answer is there.
#include "cli/cluster_client.h"

#include <charconv>
#include <random>
#include <set>

#include "base/text.h"
#include "net/introduction.h"

namespace lockstep::cli {
namespace {

constexpr Duration kIntroduction = std::chrono::seconds(2);
constexpr std::uint64_t kFirstRawCall = 1ull << 63;  // the library counts from 1

std::uint64_t random_number() {
  std::random_device device;
  const std::uint64_t high = device();
  const std::uint64_t low = device();
  return high << 32 | low;
}

net::Endpoint endpoint_of(const config::Address& address) {
  return {.host = address.host, .port = address.port};
}

// Fills in the numbers. The cluster to talk to is that of the first who answers.
Result<std::vector<NodeAddress>> introduced(net::EventLoop& loop, const std::vector<NodeAddress>& nodes,
                                            const std::string& token, net::Security* security,
                                            const std::function<void(const std::string&)>& remark) {
  std::vector<NodeAddress> out;
  std::optional<ClusterId> cluster;
  std::set<NodeId> seen;
  for (NodeAddress node : nodes) {
    if (node.id.is_none()) {
      const auto found = net::ask_who(loop, endpoint_of(node.address), token, security, kIntroduction);
      if (!found) {
        remark(found.error().message);
        continue;
      }
      if (cluster && *cluster != found->cluster) {
        return fail(ErrorCode::kInvalidArgument,
                    cat("expected nodes of one cluster, ", to_text(node.address), " belongs to another"));
      }
      cluster = found->cluster;
      node.id = found->node;
    }
    if (!seen.insert(node.id).second) {
      return fail(ErrorCode::kInvalidArgument,
                  cat("expected every node once, node ", node.id, " stands there twice"));
    }
    out.push_back(std::move(node));
  }
  if (out.empty()) return fail(ErrorCode::kUnavailable, "expected a node that answers, found none");
  return out;
}

}  // namespace

// The library's process, which also lets requests pass that are made by hand.
class ClusterClient::Process final : public client::ClientProcess {
 public:
  Process(const env::Env& env, client::Config config) : ClientProcess(env, std::move(config)), env_(env) {}

  std::uint64_t send(NodeId to, wire::Request& request) {
    request.set_call(next_call_++);
    env_.transport.send(to, Channel::kRequest, request.SerializeAsString());
    return request.call();
  }
  void on_message(NodeId from, Channel channel, BytesView payload) override {
    wire::Reply reply;
    const bool raw = channel == Channel::kReply &&
                     reply.ParseFromArray(payload.data(), static_cast<int>(payload.size())) &&
                     reply.call() >= kFirstRawCall;
    if (raw) {
      raw_reply = std::move(reply);
    } else {
      ClientProcess::on_message(from, channel, payload);
    }
  }

  std::optional<wire::Reply> raw_reply;

 private:
  env::Env env_;
  std::uint64_t next_call_ = kFirstRawCall;
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

Result<std::unique_ptr<ClusterClient>> ClusterClient::connect(
    const std::vector<NodeAddress>& nodes, const ConnectOptions& options,
    const std::function<void(const std::string&)>& remark) {
  std::unique_ptr<ClusterClient> out(new ClusterClient({}));
  if (!options.tls.authority.empty()) {
    LOCKSTEP_TRY(security, net::TlsSecurity::create(options.tls, {}));
    out->security_ = std::move(security);
  }
  LOCKSTEP_TRY(found, introduced(out->loop_, nodes, options.token, out->security_.get(), remark));
  out->nodes_ = std::move(found);
  out->open(options);
  return out;
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
  client::Config config;
  config.attempt_timeout = how.attempt_timeout;
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
}

ClusterClient::~ClusterClient() = default;

client::Completion ClusterClient::wait(const std::function<void(client::ClientProcess::Then)>& call) {
  std::optional<client::Completion> answer;
  host_->turn([&] { call([&answer](const client::Completion& completion) { answer = completion; }); });
  // The library ends every call at its deadline.
  while (!answer) loop_.run_until([&] { return answer.has_value(); }, kTimeout);
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
  if (done.conclusion != client::Conclusion::kDone) return fail(ErrorCode::kUnavailable, trouble_of(done));
  return done.reply.version();
}

Result<wire::StatusReply> ClusterClient::status(NodeId node, Duration timeout) {
  const auto done = wait([&](auto then) { process_->status(node, timeout, std::move(then)); });
  if (done.conclusion != client::Conclusion::kDone) return fail(ErrorCode::kUnavailable, trouble_of(done));
  return done.reply.node_status();
}

std::optional<wire::Reply> ClusterClient::ask(NodeId node, wire::Request request, Duration timeout) {
  std::uint64_t call = 0;
  process_->raw_reply.reset();
  host_->turn([&] { call = process_->send(node, request); });
  const auto answered = [&] { return process_->raw_reply && process_->raw_reply->call() == call; };
  if (!loop_.run_until(answered, timeout)) return std::nullopt;
  return std::exchange(process_->raw_reply, std::nullopt);
}

std::string trouble_of(const client::Completion& completion) {
  if (completion.conclusion == client::Conclusion::kDone) return {};
  const wire::Reply& last = completion.reply;
  std::string out = completion.conclusion == client::Conclusion::kUnknown
                        ? "the outcome is unknown, the write may have happened"
                        : "no success in time";
  if (last.status() == wire::STATUS_NONE) return out + ": no answer";
  append_text(out, cat(": ", wire::ReplyStatus_Name(last.status())));
  if (!last.message().empty()) append_text(out, cat(" (", last.message(), ")"));
  return out;
}

}  // namespace lockstep::cli
