// Building, the thread that carries out what gRPC has ready, health, and the end.
#include "net/api/grpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/alarm.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <atomic>
#include <thread>
#include <utility>

#include "net/api/grpc_door.h"
#include "net/api/grpc_health.h"
#include "net/api/grpc_query.h"
#include "net/api/grpc_session.h"
#include "net/api/grpc_unary.h"

namespace lockstep::api {
namespace {

using namespace std::chrono_literals;

constexpr int kMaxMessageBytes = 16 << 20;
constexpr std::size_t kMaxMemoryBytes =
    std::size_t{128} << 20;  // of all connections; the other ports have the rest of 512 MiB
constexpr int kMaxStreamsPerConnection = 1024;
constexpr int kEventsPerTurn = 256;
constexpr Duration kHealthInterval = 100ms;
constexpr Duration kHealthPatience = 2s;  // a node whose loop takes longer for a status does not serve
constexpr auto kGrace = 100ms;            // for calls under way, at the end

// gRPC takes times before 1970 for "never".
constexpr std::chrono::system_clock::time_point kLongAgo{};

std::shared_ptr<grpc::ServerCredentials> credentials(const std::optional<GrpcOptions::Tls>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(tls->client_ca.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = tls->client_ca;
  options.pem_key_cert_pairs.push_back({tls->key, tls->certificate});
  return grpc::SslServerCredentials(options);
}

void set_limits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetResourceQuota(grpc::ResourceQuota("lockstep").Resize(kMaxMemoryBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  // What each call would pay for and nobody uses: the gateway has deadlines of its own.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_DEADLINE_CHECKS, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  // A peer that has vanished is noticed; one that pings all the time is sent away.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  // Until TLS and the settings of HTTP/2 are agreed on; gRPC would wait for two minutes.
  const auto handshakes = std::chrono::duration_cast<std::chrono::milliseconds>(kPatienceWithSilence);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, static_cast<int>(handshakes.count()));
  // Reflection is asked for by people: one thread is enough.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

// Once per process, before the first server.
void enable_extras() {
  static const bool kEnabled = [] {
    gpr_set_log_function(
        [](gpr_log_func_args*) {});  // what strangers do at the port is no news; ours is a Status
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  static_cast<void>(kEnabled);
}

}  // namespace

struct GrpcServer::Running {
  Running(Gateway& on, GrpcOptions with)
      : gateway(on),
        options(std::move(with)),
        bridge(std::make_shared<GrpcBridge>(on, [this] { wake(); })),
        desk(*bridge, on, options.addresses, limits),
        health(desk) {
    limits.held_bytes = options.max_held_bytes;
    limits.call_timeout = options.call_timeout;
  }

  // From the loop; the queue still takes what it is given.
  void wake() { alarm.Set(queue.get(), kLongAgo, &alarm_tag); }
  void tell_health(bool now_serving) {
    if (serving.exchange(now_serving) != now_serving && !health_alarm_set.exchange(true))
      health_alarm.Set(queue.get(), kLongAgo, &health_tag);
  }

  void let_in(int descriptor) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = descriptor;
    entrance->HandleNewConnection(&connection);
  }

  void serve() {
    void* tag = nullptr;
    bool ok = false;
    while (!desk.is_over() && queue->Next(&tag, &ok)) {
      int events = 0;
      do {
        static_cast<GrpcTag*>(tag)->on_event(ok);
      } while (++events < kEventsPerTurn && !desk.is_over() &&
               queue->AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) ==
                   grpc::CompletionQueue::GOT_EVENT);
      desk.end_turn();
    }
  }

  struct AlarmTag final : GrpcTag {
    explicit AlarmTag(Running& on) : running(on) {}
    void on_event(bool) override { running.desk.answer(running.bridge->take_answers()); }
    Running& running;
  };
  struct HealthTag final : GrpcTag {
    explicit HealthTag(Running& on) : running(on) {}
    void on_event(bool) override {
      running.health_alarm_set = false;  // first: a change from here on rings again
      running.health.set(running.serving);
    }
    Running& running;
  };
  struct StopTag final : GrpcTag {
    explicit StopTag(Running& on) : running(on) {}
    void on_event(bool) override {
      running.desk.stop();
      running.health.stop();
    }
    Running& running;
  };

  Gateway& gateway;
  GrpcOptions options;
  GrpcLimits limits;
  std::shared_ptr<GrpcBridge> bridge;
  GrpcDesk desk;
  GrpcHealth health;
  std::atomic<bool> serving = false;
  std::atomic<bool> health_alarm_set = false;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::unique_ptr<grpc::Server> server;
  grpc::Alarm alarm;
  grpc::Alarm health_alarm;
  grpc::Alarm stop_alarm;
  AlarmTag alarm_tag{*this};
  HealthTag health_tag{*this};
  StopTag stop_tag{*this};
  std::thread thread;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> entrance;
  std::unique_ptr<GrpcDoor> door;
};

GrpcServer::GrpcServer(net::EventLoop& loop) : loop_(loop), self_(std::make_shared<GrpcServer*>(this)) {}

GrpcServer::~GrpcServer() {
  *self_ = nullptr;
  stop();
}

Status GrpcServer::start(GrpcOptions options, Gateway& gateway) {
  enable_extras();
  auto running = std::make_unique<Running>(gateway, std::move(options));
  LOCKSTEP_TRY(acceptor, net::listen(loop_.context(), running->options.listen));
  grpc::ServerBuilder builder;
  set_limits(builder);
  using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  running->entrance =
      builder.experimental().AddExternalConnectionAcceptor(Type::FROM_FD, credentials(running->options.tls));
  builder.RegisterService(&running->desk.service());
  builder.RegisterService(&running->health.service());
  running->queue = builder.AddCompletionQueue();
  running->desk.use(*running->queue);
  running->server = builder.BuildAndStart();
  if (!running->server) {
    running->queue->Shutdown();
    return fail(ErrorCode::kRefused, cat("cannot serve gRPC at ", net::to_string(running->options.listen),
                                         ": expected a PEM certificate and its key"));
  }
  wait_for_unary_callers(running->desk);
  wait_for_query_callers(running->desk);
  wait_for_session_callers(running->desk);
  running->health.wait_for_callers();
  running->thread = std::thread([raw = running.get()] { raw->serve(); });
  running->door =
      std::make_unique<GrpcDoor>(loop_, std::move(acceptor), running->options.max_connections,
                                 [raw = running.get()](int descriptor) { raw->let_in(descriptor); });
  gateway.show_grpc([raw = running.get()] { return raw->door->facts(); });
  running_ = std::move(running);
  look_at_health();
  return {};
}

void GrpcServer::stop() {
  if (!running_) return;
  Running& running = *running_;
  running.door.reset();
  running.gateway.show_grpc(nullptr);
  running.bridge->close();
  running.stop_alarm.Set(running.queue.get(), kLongAgo, &running.stop_tag);
  running.server->Shutdown(std::chrono::system_clock::now() + kGrace);
  running.thread.join();
  running.queue->Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (running.queue->Next(&tag, &ok)) continue;
  running_.reset();
}

std::uint16_t GrpcServer::port() const { return running_ ? running_->door->port() : 0; }

void GrpcServer::look_at_health() {
  wire::Request request;
  request.mutable_status();
  running_->gateway.call(request, Access::kRead, kHealthPatience, [self = self_](wire::Reply& reply) {
    if (*self == nullptr || !(*self)->running_) return;
    GrpcServer& server = **self;
    server.running_->tell_health(can_commit(reply));
    server.loop_.after(kHealthInterval, [self] {
      if (*self != nullptr && (*self)->running_) (*self)->look_at_health();
    });
  });
}

}  // namespace lockstep::api
