// Load for Lockstep: writes and reads of 100-byte values, and probes while a leader is away.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "bench/load/grpc_load.h"
#include "bench/load/meter.h"
#include "bench/load/native_connection.h"
#include "bench/load/native_load.h"
#include "bench/load/workload.h"

namespace lockstep::bench {
namespace {

struct Arguments {
  std::string operation;
  std::vector<std::string> endpoints;
  std::string sql{kTable};
  std::string protocol = "native";
  std::uint64_t count = kFilledKeys;
  int signal = 0;
  int process = 0;
  Shape shape;
};

int give_up(const Error& error) {
  std::fprintf(stderr, "load: %s\n", error.message.c_str());
  return 1;
}

// A line for each endpoint: node, leader, applied index, and whether it can serve.
int print_status(const std::vector<std::string>& endpoints) {
  for (const std::string& endpoint : endpoints) {
    auto connection = NativeConnection::open(endpoint);
    if (!connection) return give_up(connection.error());
    wire::Request request;
    request.mutable_status();
    const auto reply = connection->ask(request);
    if (!reply) return give_up(reply.error());
    const wire::StatusReply& status = reply->node_status();
    std::puts(
        cat(status.node(), " ", status.leader(), " ", status.applied_index(), " ", status.can_serve() ? 1 : 0)
            .c_str());
  }
  return 0;
}

// One statement at the leader, of no session.
int execute(const std::string& endpoint, const std::string& sql) {
  auto connection = NativeConnection::open(endpoint);
  if (!connection) return give_up(connection.error());
  wire::Request request;
  request.mutable_write()->mutable_write()->add_statements()->set_sql(sql);
  const auto reply = connection->ask(request);
  if (!reply) return give_up(reply.error());
  const std::string problem = problem_with(*reply);
  return problem.empty() ? 0 : give_up({ErrorCode::kRefused, problem});
}

int run(const Arguments& arguments) {
  static const std::map<std::string, Operation> kOperations = {
      {"fill", Operation::kFill},   {"write", Operation::kInsert}, {"linearizable", Operation::kLinearizable},
      {"local", Operation::kLocal}, {"churn", Operation::kChurn},
  };
  if (arguments.operation == "status") return print_status(arguments.endpoints);
  if (arguments.operation == "execute") return execute(arguments.endpoints.front(), arguments.sql);
  if (arguments.operation == "outage")
    return run_native_outage(arguments.endpoints, arguments.signal, arguments.process);
  const Operation operation = kOperations.at(arguments.operation);
  if (arguments.protocol == "grpc")
    return run_grpc_unary(arguments.endpoints.front(), Workload(operation), arguments.shape);
  if (arguments.protocol == "grpc-stream")
    return run_grpc_stream(arguments.endpoints.front(), Workload(operation), arguments.shape);
  auto load =
      NativeLoad::open(arguments.endpoints.front(), Workload(operation), arguments.shape.connections());
  if (!load) return give_up(load.error());
  if (operation == Operation::kFill) return load->run_count(arguments.count, arguments.shape.outstanding);
  return load->run(arguments.shape);
}

}  // namespace
}  // namespace lockstep::bench

int main(int count, char** values) {
  lockstep::bench::Arguments arguments;
  CLI::App app("Load for Lockstep", "load");
  app.add_option("operation", arguments.operation)
      ->required()
      ->check(
          CLI::IsMember({"status", "execute", "fill", "write", "linearizable", "local", "churn", "outage"}));
  app.add_option("endpoints", arguments.endpoints, "host:port of nodes; load goes to the first")->required();
  app.add_option("--sql", arguments.sql, "of execute; default: the table that the load needs");
  app.add_option("--protocol", arguments.protocol,
                 "of write, churn and reads; streams are for writes in a closed loop")
      ->check(CLI::IsMember({"native", "grpc", "grpc-stream"}));
  app.add_option("--count", arguments.count, "keys to fill");
  app.add_option("--signal", arguments.signal, "what strikes the leader: 9 or 19");
  app.add_option("--process", arguments.process, "whom");
  lockstep::bench::add_options(app, arguments.shape);
  CLI11_PARSE(app, count, values);
  return lockstep::bench::run(arguments);
}
