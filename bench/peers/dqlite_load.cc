// Load for dqlite over its wire protocol: one thread, one request outstanding on each connection; SQLITE_BUSY
// is retried with a pause that doubles.
#include <sys/epoll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <queue>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/load/meter.h"
#include "bench/load/socket.h"
#include "bench/peers/dqlite_wire.h"

namespace lockstep::bench::dqlite {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kKeys = 1000;  // rows that reads choose from: the first ones that were inserted
constexpr std::uint8_t kInteger = 1;
constexpr std::uint8_t kBlob = 4;
constexpr unsigned kMostDoublings = 5;

std::optional<Answer> call(Socket& socket, Request type, const Message& message) {
  if (!socket || !socket.write_all(message.framed(type))) return std::nullopt;
  std::string read;
  for (;;) {
    if (auto answer = take_answer(read)) return answer;
    if (!socket.read_some(read, milliseconds(20'000))) return std::nullopt;
  }
}

// The load cannot go on without this answer.
Answer need(Socket& socket, Request type, const Message& message, Response expected, const char* what) {
  const auto answer = call(socket, type, message);
  if (answer && answer->type == expected) return *answer;
  std::fprintf(stderr, "dqlite_load: %s: %s\n", what, answer ? answer->failure().c_str() : "no answer");
  std::exit(1);
}

Socket connect(const std::string& endpoint) {
  Socket socket = Socket::connect(endpoint);
  Message version;
  version.word(1);
  if (!socket || !socket.write_all(version.bytes()))
    std::fprintf(stderr, "dqlite_load: no node at %s\n", endpoint.c_str());
  return socket;
}

Socket open_database(const std::string& endpoint) {
  Socket socket = connect(endpoint);
  Message client;
  client.word(static_cast<std::uint64_t>(getpid()));
  need(socket, Request::kClient, client, Response::kWelcome, "register the client");
  Message open;
  open.text("bench.db");
  open.word(6);  // read, write, create
  open.text("unix");
  need(socket, Request::kOpen, open, Response::kDatabase, "open the database");
  return socket;
}

std::uint32_t prepare(Socket& socket, const std::string& sql) {
  Message message;
  message.word(0);
  message.text(sql);
  const Answer answer = need(socket, Request::kPrepare, message, Response::kStatement, "prepare");
  return static_cast<std::uint32_t>(answer.word(0) >> 32);
}

int print_leader(const std::string& endpoint) {
  Socket socket = connect(endpoint);
  Message message;
  message.word(0);
  const auto answer = call(socket, Request::kLeader, message);
  if (!answer || answer->type != Response::kServer || answer->word(0) == 0) return 1;
  std::printf("%s\n", answer->body.c_str() + 8);
  return 0;
}

// Node 1 has bootstrapped itself; the others become voters in the order of their endpoints.
int set_up(const std::vector<std::string>& endpoints) {
  Socket socket = open_database(endpoints.front());
  for (std::size_t n = 1; n < endpoints.size(); ++n) {
    Message add;
    add.word(n + 1);
    add.text(endpoints[n]);
    need(socket, Request::kAdd, add, Response::kEmpty, "add a node");
    Message assign;
    assign.word(n + 1);
    assign.word(0);  // voter
    need(socket, Request::kAssign, assign, Response::kEmpty, "make it a voter");
  }
  Message create;
  create.word(0);
  create.text("CREATE TABLE kv(k INTEGER PRIMARY KEY, v BLOB)");
  need(socket, Request::kExecuteText, create, Response::kResult, "create the table");
  return 0;
}

class Load {
 public:
  Load(const std::string& endpoint, bool reads, const Shape& shape)
      : reads_(reads), epoll_(epoll_create1(EPOLL_CLOEXEC)), connections_(shape.outstanding) {
    for (std::uint32_t n = 0; n < connections_.size(); ++n) {
      Connection& connection = connections_[n];
      connection.socket = open_database(endpoint);
      connection.statement =
          prepare(connection.socket, reads ? "SELECT v FROM kv WHERE k=?" : "INSERT INTO kv(v) VALUES (?)");
      epoll_event event{.events = EPOLLIN, .data = {.u32 = n}};
      CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket.descriptor(), &event) == 0);
    }
  }
  Load(const Load&) = delete;
  ~Load() { close(epoll_); }

  int run(const Shape& shape) {
    Meter meter(shape);
    for (Connection& connection : connections_) begin(connection);
    while (meter.advance(now())) {
      send_due_retries();
      epoll_event events[64];
      const timespec wait = until_retry();
      const int count = epoll_pwait2(epoll_, events, 64, &wait, nullptr);
      for (int n = 0; n < count; ++n)
        if (!receive(connections_[events[n].data.u32], meter)) return 1;
    }
    return meter.report();
  }
  // So many statements, for reads to find.
  int fill(std::uint64_t count) {
    for (std::uint64_t n = 0; n < count; ++n)
      need(connections_[0].socket, Request::kExecute, parameters(connections_[0]), Response::kResult,
           "insert");
    return 0;
  }

 private:
  struct Connection {
    Socket socket;
    std::uint32_t statement = 0;
    Moment begun;
    std::string read;
    unsigned refusals = 0;  // in a row
  };
  using Retry = std::pair<Moment, Connection*>;

  Message parameters(const Connection& connection) {
    Message message;
    message.half(0);
    message.half(connection.statement);
    message.byte(1);
    message.byte(reads_ ? kInteger : kBlob);
    message.pad();
    if (reads_) {
      message.word(1 + random_.next_below(kKeys));
    } else {
      fill_value(random_, value_);
      message.blob(value_);
    }
    return message;
  }
  void send(Connection& connection) {
    const Message message = parameters(connection);
    CHECK(connection.socket.write_all(message.framed(reads_ ? Request::kQuery : Request::kExecute)),
          "connected");
  }
  void begin(Connection& connection) {
    connection.begun = now();
    connection.refusals = 0;
    send(connection);
  }
  void retry_later(Connection& connection) {
    const std::uint64_t microseconds = (500 + random_.next_below(1000))
                                       << std::min(connection.refusals++, kMostDoublings);
    retries_.push({now() + std::chrono::microseconds(microseconds), &connection});
  }
  void send_due_retries() {
    while (!retries_.empty() && retries_.top().first <= now()) {
      Connection* connection = retries_.top().second;
      retries_.pop();
      send(*connection);
    }
  }
  timespec until_retry() const {
    const auto nanoseconds =
        retries_.empty() ? 50'000'000 : std::max<std::int64_t>(0, (retries_.top().first - now()).count());
    return {.tv_sec = 0, .tv_nsec = nanoseconds};
  }
  bool receive(Connection& connection, Meter& meter) {
    if (!connection.socket.read_ready(connection.read)) {
      std::fprintf(stderr, "dqlite_load: the node closed a connection\n");
      return false;
    }
    while (const auto answer = take_answer(connection.read)) {
      if (answer->busy()) {
        meter.retried();
        retry_later(connection);
        continue;
      }
      if (answer->type == Response::kFailure)
        meter.failed(answer->failure());
      else
        meter.succeeded(connection.begun, now());
      begin(connection);
    }
    return true;
  }

  bool reads_;
  int epoll_;
  std::vector<Connection> connections_;
  std::priority_queue<Retry, std::vector<Retry>, std::greater<>> retries_;
  Stream random_{static_cast<std::uint64_t>(now().time_since_epoch().count()), Purpose{"bench.dqlite"}, 0};
  std::string value_;
};

}  // namespace
}  // namespace lockstep::bench::dqlite

int main(int count, char** values) {
  namespace dqlite = lockstep::bench::dqlite;
  std::string operation;
  std::vector<std::string> endpoints;
  lockstep::bench::Shape shape;
  CLI::App app("Load for dqlite", "dqlite_load");
  app.add_option("operation", operation)
      ->required()
      ->check(CLI::IsMember({"leader", "setup", "fill", "insert", "read"}));
  app.add_option("endpoints", endpoints, "host:port; the first is the leader")->required();
  lockstep::bench::add_options(app, shape);
  CLI11_PARSE(app, count, values);
  if (operation == "leader") return dqlite::print_leader(endpoints.front());
  if (operation == "setup") return dqlite::set_up(endpoints);
  dqlite::Load load(endpoints.front(), operation == "read", shape);
  return operation == "fill" ? load.fill(dqlite::kKeys) : load.run(shape);
}
