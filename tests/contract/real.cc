// Real sockets, files and threads as a harness: one loop, a host per process, a directory of its own for
// each.
#include <filesystem>
#include <map>

#include "base/check.h"
#include "net/host.h"
#include "tests/contract/kinds.h"
#include "tests/temporary_directory.h"

namespace lockstep::contract {
namespace {

using namespace std::chrono_literals;

constexpr ClusterId kCluster{7};
constexpr std::uint64_t kProcesses = 3;

class RealHarness final : public Harness {
 public:
  RealHarness() {
    for (std::uint64_t node = 1; node <= kProcesses; ++node) {
      auto acceptor = net::listen(loop_.context(), {.host = "127.0.0.1", .port = 0});
      CHECK(acceptor.has_value(), acceptor.error().message);
      endpoints_[NodeId(node)] = {.host = "127.0.0.1", .port = acceptor->local_endpoint().port()};
    }
  }

  void start(NodeId node, Behaviour& behaviour) override {
    const std::string home = directory_ / cat("n", node);
    std::filesystem::create_directories(home);
    net::HostOptions options;
    options.place = {.self = node, .cluster = kCluster};
    options.incarnation = Incarnation(++lives_[node]);
    options.data_directory = home;
    options.transport.kind = net::PartyKind::kMember;
    options.transport.boot = next_boot_++;
    for (const auto& [id, endpoint] : endpoints_)
      if (id != node) options.transport.peers[id] = endpoint;
    auto host = std::make_unique<net::Host>(loop_, std::move(options), [&behaviour](const env::Env& env) {
      return std::make_unique<BehavingActor>(env, behaviour);
    });
    auto acceptor = net::listen(loop_.context(), endpoints_.at(node));
    CHECK(acceptor.has_value(), acceptor.error().message);
    host->transport().serve(std::move(*acceptor));
    host->start();
    hosts_[node] = std::move(host);
  }

  void kill(NodeId node) override { hosts_.erase(node); }
  bool run_until(const std::function<bool()>& condition) override { return loop_.run_until(condition, 20s); }
  void run_for(Duration duration) override { loop_.run_for(duration); }

 private:
  tests::TemporaryDirectory directory_;
  net::EventLoop loop_;
  std::map<NodeId, net::Endpoint> endpoints_;
  std::map<NodeId, std::uint64_t> lives_;
  std::uint64_t next_boot_ = 1;
  std::map<NodeId, std::unique_ptr<net::Host>> hosts_;
};

}  // namespace

HarnessKind real() {
  return {"Real", [] { return std::make_unique<RealHarness>(); }};
}

}  // namespace lockstep::contract
