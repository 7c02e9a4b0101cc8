// Load for etcd: puts and gets of 100-byte values under 16-byte keys, through its gRPC API.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/load/grpc_loop.h"
#include "bench/load/meter.h"
#include "etcd.grpc.pb.h"

namespace lockstep::bench {
namespace {

constexpr std::uint64_t kKeys = 100'000;

std::string key_of(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "key-%012llu", static_cast<unsigned long long>(number));
  return text;
}

// What all calls of one run share.
struct Context {
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<etcdserverpb::KV::Stub>> connections;
  Stream random{static_cast<std::uint64_t>(now().time_since_epoch().count()), Purpose{"bench.etcd"}, 0};
  bool serializable = false;
  bool in_order = false;  // keys 0, 1, ... instead of random ones
  std::uint64_t next_key = 0;

  std::string key() { return key_of(in_order ? next_key++ % kKeys : random.next_below(kKeys)); }
};

class Put final : public UnaryCall {
 public:
  Put(Context& context, std::size_t number)
      : context_(context), stub_(*context.connections[number % context.connections.size()]) {}

 private:
  void send(grpc::ClientContext& client, grpc::Status& status) override {
    request_.set_key(context_.key());
    fill_value(context_.random, *request_.mutable_value());
    reader_ = stub_.AsyncPut(&client, request_, &context_.queue);
    reader_->Finish(&response_, &status, static_cast<UnaryCall*>(this));
  }
  std::string wrong_answer() const override { return {}; }

  Context& context_;
  etcdserverpb::KV::Stub& stub_;
  etcdserverpb::PutRequest request_;
  etcdserverpb::PutResponse response_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::PutResponse>> reader_;
};

class Get final : public UnaryCall {
 public:
  Get(Context& context, std::size_t number)
      : context_(context), stub_(*context.connections[number % context.connections.size()]) {}

 private:
  void send(grpc::ClientContext& client, grpc::Status& status) override {
    request_.set_key(context_.key());
    request_.set_serializable(context_.serializable);
    response_.Clear();
    reader_ = stub_.AsyncRange(&client, request_, &context_.queue);
    reader_->Finish(&response_, &status, static_cast<UnaryCall*>(this));
  }
  std::string wrong_answer() const override {
    const bool good = response_.kvs_size() == 1 && response_.kvs(0).value().size() == kValueBytes;
    return good ? std::string() : "a get without its value: were the keys filled?";
  }

  Context& context_;
  etcdserverpb::KV::Stub& stub_;
  etcdserverpb::RangeRequest request_;
  etcdserverpb::RangeResponse response_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::RangeResponse>> reader_;
};

// A line for each endpoint: its member id and the leader it knows. 1 unless all know one leader.
int print_status(const std::vector<std::string>& endpoints) {
  std::uint64_t leader = 0;
  bool agreed = true;
  for (const std::string& endpoint : endpoints) {
    const auto stub = etcdserverpb::Maintenance::NewStub(open_channel(endpoint));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(2));
    etcdserverpb::StatusResponse response;
    const grpc::Status status = stub->Status(&context, {}, &response);
    std::printf("%llu %llu\n", static_cast<unsigned long long>(response.header().member_id()),
                static_cast<unsigned long long>(response.leader()));
    agreed = agreed && status.ok() && response.leader() != 0 && (leader == 0 || leader == response.leader());
    leader = response.leader();
  }
  return agreed ? 0 : 1;
}

struct Arguments {
  std::string operation;
  std::vector<std::string> endpoints;
  std::uint64_t count = kKeys;
  int signal = 0;
  int process = 0;
  Shape shape;
};

int run(const Arguments& arguments) {
  if (arguments.operation == "status") return print_status(arguments.endpoints);
  Context context;
  context.in_order = arguments.operation == "fill";
  context.serializable = arguments.operation == "serializable";
  const bool outage = arguments.operation == "outage";
  const std::size_t connections = outage ? arguments.endpoints.size() : arguments.shape.connections();
  for (std::size_t n = 0; n < connections; ++n)
    context.connections.push_back(
        etcdserverpb::KV::NewStub(open_channel(arguments.endpoints[n % arguments.endpoints.size()])));

  const MakeCall put = [&](std::size_t number) { return std::make_unique<Put>(context, number); };
  const MakeCall get = [&](std::size_t number) { return std::make_unique<Get>(context, number); };
  if (outage)
    return run_outage(context.queue, arguments.endpoints.size(), put, arguments.signal, arguments.process);
  if (context.in_order) return run_count(context.queue, arguments.shape, put, arguments.count);
  return run_unary(context.queue, arguments.shape, arguments.operation == "put" ? put : get);
}

}  // namespace
}  // namespace lockstep::bench

int main(int count, char** values) {
  lockstep::bench::Arguments arguments;
  CLI::App app("Load for etcd", "etcd_load");
  app.add_option("operation", arguments.operation)
      ->required()
      ->check(CLI::IsMember({"status", "fill", "put", "linearizable", "serializable", "outage"}));
  app.add_option("endpoints", arguments.endpoints, "host:port of nodes; operations are spread over them")
      ->required();
  app.add_option("--count", arguments.count, "keys to fill");
  app.add_option("--signal", arguments.signal, "what strikes the leader: 9 or 19");
  app.add_option("--process", arguments.process, "whom");
  lockstep::bench::add_options(app, arguments.shape);
  CLI11_PARSE(app, count, values);
  return lockstep::bench::run(arguments);
}
