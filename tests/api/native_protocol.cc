// The native protocol for the suite: a client's connection over real sockets, with its own loop.
#include "base/check.h"
#include "tests/api/protocol.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

// As in the client library, which does not send what makes a node hang up.
constexpr std::size_t kMostRequestBytes = 16 << 20;

class Mailbox final : public env::Actor {
 public:
  explicit Mailbox(const env::Env& env) : env_(env) {}
  void start() override {}
  void on_message(NodeId, Channel channel, BytesView payload) override {
    if (channel == Channel::kReply) {
      CHECK(reply_.ParseFromArray(payload.data(), static_cast<int>(payload.size())), "a reply");
      arrived_ = true;
    }
  }
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}

  void send(NodeId node, const wire::Request& request) {
    arrived_ = false;
    env_.transport.send(node, Channel::kRequest, request.SerializeAsString());
  }
  bool arrived() const { return arrived_; }
  const wire::Reply& reply() const { return reply_; }

 private:
  env::Env env_;
  bool arrived_ = false;
  wire::Reply reply_;
};

class NativeCaller final : public Caller {
 public:
  NativeCaller(const net::Endpoint& endpoint, NodeId node, const std::string& token) : node_(node) {
    static std::uint64_t next_name = 1000;
    net::HostOptions options;
    options.place = {.self = NodeId(++next_name), .cluster = RealCluster::kCluster};
    options.transport.peers[node] = endpoint;
    options.transport.token = token;
    host_ = std::make_unique<net::Host>(loop_, std::move(options), [this](const env::Env& env) {
      auto mailbox = std::make_unique<Mailbox>(env);
      mailbox_ = mailbox.get();
      return mailbox;
    });
    host_->start();
  }

  Answer ask(const wire::Request& request) override {
    wire::Request numbered = request;
    numbered.set_call(++calls_);
    if (numbered.ByteSizeLong() > kMostRequestBytes) return too_long();
    host_->turn([&] { mailbox_->send(node_, numbered); });
    const auto refused = [this] {
      return host_->transport().dialler().trouble_with(node_).find("token") != std::string::npos;
    };
    const bool ended = loop_.run_until([&] { return mailbox_->arrived() || refused(); }, 30s);
    CHECK(ended, "neither an answer nor a refusal of n", node_);
    if (!mailbox_->arrived()) return {.let_in = false, .reply = {}};
    CHECK(mailbox_->reply().call() == calls_, "an answer to another call");
    return {.let_in = true, .reply = mailbox_->reply()};
  }

 private:
  static Answer too_long() {
    Answer answer;
    answer.reply.set_status(wire::BAD_REQUEST);
    return answer;
  }

  net::EventLoop loop_;
  NodeId node_;
  Mailbox* mailbox_ = nullptr;
  std::unique_ptr<net::Host> host_;
  std::uint64_t calls_ = 0;
};

class NativeProtocol final : public Protocol {
 public:
  void open(RealCluster&) override {}  // members always listen for it
  std::unique_ptr<Caller> connect(RealCluster& cluster, NodeId node, const std::string& token) override {
    return std::make_unique<NativeCaller>(cluster.native(node), node, token);
  }
};

}  // namespace

ProtocolKind native_protocol() {
  return {"Native", [] { return std::make_unique<NativeProtocol>(); }};
}

}  // namespace lockstep::tests
